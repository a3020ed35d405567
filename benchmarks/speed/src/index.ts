export { runSpeed, type SpeedOptions, type SpeedResult } from './run-speed.ts';
