export * from './criteria.ts';
export { default } from './plugin.ts';
