import * as tf from '@tensorflow/tfjs-core';
import { imagesToTiles, tilesToImages, transposeMatrix } from './operations.ts';

/** Images [N, H, W, C] or [N, features]; tiles [tile, C, H, W, lane]; columns [features, N]. */
export type Layout = 'images' | 'tiles' | 'columns';

/** What a layer gave, in the layout it came in and, once asked for, in others. */
export class TiledValue {
  readonly layout: Layout;
  readonly #images: number;
  readonly #known = new Map<Layout, tf.Tensor>();

  /** @param images of the batch, which tiles may have more lanes than */
  constructor(images: number, layout: Layout, tensor: tf.Tensor) {
    this.layout = layout;
    this.#images = images;
    this.#known.set(layout, tensor);
  }

  as(layout: Layout): tf.Tensor {
    const known = this.#known.get(layout);
    if (known) return known;
    const made = layout === 'images' ? this.#toImages() : this.#fromImages(layout);
    this.#known.set(layout, made);
    return made;
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
