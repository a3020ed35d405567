/** How much of a protocol is run: seconds, to see that it runs; minutes to hours on a processor; the paper's own. */
export const scales = ['smoke', 'cpu', 'paper'] as const;
export type ScaleName = (typeof scales)[number];
