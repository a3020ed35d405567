import '@tensorflow/tfjs-backend-cpu';
// Loaded for its side effect: it registers the gradients of all operations.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';

await tf.setBackend('cpu');
