import * as tf from '@tensorflow/tfjs-core';
import {
  imagesToTiles,
  type NormedTiles,
  type TilesRead,
  tileNormalize,
  tilesToImages,
  transposeMatrix,
} from './operations.ts';

/** Images [N, H, W, C] or [N, features]; tiles [tile, C, H, W, lane]; columns [features, N]. */
export type Layout = 'images' | 'tiles' | 'columns';

/** What a layer gave, in the layout it came in and, once asked for, in others. */
export class TiledValue {
  readonly layout: Layout;
  readonly #images: number;
  readonly #known = new Map<Layout, tf.Tensor>();
  readonly #normed: (TilesRead & NormedTiles) | undefined;
  readonly #later: (() => tf.Tensor) | undefined;

  /**
   * @param images of the batch, which tiles may have more lanes than
   * @param value a tensor of that layout, or what makes it; or tiles that are still to be normalized
   */
  constructor(images: number, layout: Layout, value: tf.Tensor | (() => tf.Tensor) | (TilesRead & NormedTiles)) {
    this.layout = layout;
    this.#images = images;
    if (typeof value === 'function') this.#later = value;
    else if ('norm' in value) this.#normed = value;
    else this.#known.set(layout, value);
  }

  /** As tiles that a reader may have to normalize. */
  get read(): TilesRead {
    return this.#known.has('tiles') || !this.#normed ? { x: this.as('tiles') } : this.#normed;
  }

  /** Takes over what a reader has normalized. */
  keep(tiles: tf.Tensor): void {
    this.#known.set('tiles', tiles);
  }

  as(layout: Layout): tf.Tensor {
    const known = this.#known.get(layout);
    if (known) return known;
    const made = this.#make(layout);
    this.#known.set(layout, made);
    return made;
  }

  #make(layout: Layout): tf.Tensor {
    if (layout === this.layout) return this.#later?.() ?? tileNormalize(this.#normed!, this.#images);
    return layout === 'images' ? this.#toImages() : this.#fromImages(layout);
  }

  #toImages(): tf.Tensor {
    return this.layout === 'tiles'
      ? tilesToImages(this.as('tiles'), this.#images)
      : transposeMatrix(this.as('columns'));
  }

  #fromImages(layout: 'tiles' | 'columns'): tf.Tensor {
    const images = this.as('images');
    return layout === 'tiles' ? imagesToTiles(images) : transposeMatrix(tf.reshape(images, [this.#images, -1]));
  }
}
