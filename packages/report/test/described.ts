import { type ReportOptions, type ReportSource, renderReport, tableKinds } from '../src/index.ts';
import { drawSvg, type FigureSpec } from '../src/render/svg.ts';

/** The first picture of each figure with Vega's description of every mark, which published files leave out; by the figure's id. */
export async function described(
  source: ReportSource,
  options: Omit<ReportOptions, 'kinds'>,
): Promise<ReadonlyMap<string, string>> {
  const drawn = new Map<string, FigureSpec>();
  const kinds = tableKinds.map((kind) => ({
    ...kind,
    figures: kind.figures.map((figure) => ({
      ...figure,
      draw(...about: Parameters<typeof figure.draw>) {
        const pictures = figure.draw(...about);
        if (pictures[0] !== undefined) drawn.set(figure.id, pictures[0].spec);
        return pictures;
      },
    })),
  }));
  await renderReport(source, { ...options, kinds });
  return new Map(
    await Promise.all([...drawn].map(async ([id, spec]): Promise<[string, string]> => [id, await drawSvg(spec)])),
  );
}
