/** What can be asked of a published.csv without the libraries that draw: before anything is trained. */
export { publishedValues } from './published.ts';
export { loadPublished } from './published-csv.ts';
