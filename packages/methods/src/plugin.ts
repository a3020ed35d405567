import type { Plugin } from '@prunebench/core';
import { sparseVariationalDropout, sparseVariationalDropoutExtension } from './bayesian/sparse-variational-dropout.ts';
import { rigl, riglExtension } from './dynamic/rigl.ts';
import { set, setExtension } from './dynamic/set.ts';
import { karnin, karninMethod, karninSums } from './regularization/karnin.ts';
import { batchNormScale, networkSlimming, slimmingExtension } from './regularization/network-slimming.ts';
import { quadraticPenalty, setionoPenalty, weightElimination } from './regularization/penalties.ts';
import { lotteryTicket } from './tickets/lottery-ticket.ts';

/** Methods that reach into training. A new one adds its import above and its names here. */
export default {
  criteria: [karnin, batchNormScale],
  extensions: [
    karninSums,
    quadraticPenalty,
    riglExtension,
    setExtension,
    setionoPenalty,
    slimmingExtension,
    sparseVariationalDropoutExtension,
    weightElimination,
  ],
  methods: [karninMethod, lotteryTicket, networkSlimming, rigl, set, sparseVariationalDropout],
} satisfies Plugin;
