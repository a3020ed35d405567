/** Every criterion of this family has its line here; nothing else lists them. */
export { magnitudeIncrease } from './magnitude-increase.ts';
