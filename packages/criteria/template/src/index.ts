export { magnitudeIncrease } from './magnitude-increase.ts';
export { criteria, default } from './plugin.ts';
