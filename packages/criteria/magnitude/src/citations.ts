import type { Citation } from '@prunebench/core';

export const han2015: Citation = {
  authors: 'Han, Pool, Tran, Dally',
  title: 'Learning both weights and connections for efficient neural networks',
  year: 2015,
  venue: 'NeurIPS 2015',
  url: 'https://arxiv.org/abs/1506.02626',
};

export const hagiwara1994: Citation = {
  authors: 'Hagiwara',
  title: 'A simple and effective method for removal of hidden units and weights',
  year: 1994,
  venue: 'Neurocomputing 6(2)',
  url: 'https://doi.org/10.1016/0925-2312(94)90055-8',
};

export const oneill2020: Citation = {
  authors: "O'Neill",
  title: 'An overview of neural network compression',
  year: 2020,
  venue: 'arXiv:2006.03669',
  url: 'https://arxiv.org/abs/2006.03669',
};

export const liu2022: Citation = {
  authors: 'Liu, Chen, Chen, Shen, Mocanu, Wang, Pechenizkiy',
  title: 'The unreasonable effectiveness of random pruning',
  year: 2022,
  venue: 'ICLR 2022',
  url: 'https://arxiv.org/abs/2202.02643',
};
