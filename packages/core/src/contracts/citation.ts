/** A paper, as a table can print it. */
export interface Citation {
  readonly authors: string;
  readonly title: string;
  readonly year: number;
  /** "NeurIPS 2015", "Neurocomputing 6(2)" ... */
  readonly venue: string;
  /** https://..., a DOI address or arXiv's */
  readonly url: string;
}
