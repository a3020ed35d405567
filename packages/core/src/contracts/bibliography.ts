import type { Citation } from './citation.ts';

/**
 * The papers that criteria, methods and tables of published numbers cite, by key: first author, year, a word. What cites a paper holds
 * its key alone, so that a new paper here is no other code for those who do not cite it.
 */
export const bibliography = {
  lecun1990obd: {
    authors: 'LeCun, Denker, Solla',
    title: 'Optimal Brain Damage',
    year: 1990,
    venue: 'NIPS 2',
    url: 'https://papers.nips.cc/paper/1989/hash/6c9882bbac1c7093bd25041881277658-Abstract.html',
  },
  hassibi1993obs: {
    authors: 'Hassibi, Stork',
    title: 'Second order derivatives for network pruning: Optimal Brain Surgeon',
    year: 1993,
    venue: 'NIPS 5',
    url: 'https://papers.nips.cc/paper/1992/hash/303ed4c69846ab36c2904d3ba8573050-Abstract.html',
  },
  hagiwara1994removal: {
    authors: 'Hagiwara',
    title: 'A simple and effective method for removal of hidden units and weights',
    year: 1994,
    venue: 'Neurocomputing 6(2)',
    url: 'https://doi.org/10.1016/0925-2312(94)90055-8',
  },
  hassibi1994extensions: {
    authors: 'Hassibi, Stork, Wolff',
    title: 'Optimal Brain Surgeon: extensions and performance comparisons',
    year: 1994,
    venue: 'NIPS 6',
    url: 'https://papers.nips.cc/paper/1993/hash/b056eb1587586b71e2da9acfe4fbd19e-Abstract.html',
  },
  han2015learning: {
    authors: 'Han, Pool, Tran, Dally',
    title: 'Learning both weights and connections for efficient neural networks',
    year: 2015,
    venue: 'NeurIPS 2015',
    url: 'https://arxiv.org/abs/1506.02626',
  },
  martens2015kfac: {
    authors: 'Martens, Grosse',
    title: 'Optimizing Neural Networks with Kronecker-factored Approximate Curvature',
    year: 2015,
    venue: 'ICML 2015',
    url: 'https://arxiv.org/abs/1503.05671',
  },
  dong2017lobs: {
    authors: 'Dong, Chen, Pan',
    title: 'Learning to Prune Deep Neural Networks via Layer-wise Optimal Brain Surgeon',
    year: 2017,
    venue: 'NeurIPS 2017',
    url: 'https://arxiv.org/abs/1705.07565',
  },
  li2017filters: {
    authors: 'Li, Kadav, Durdanovic, Samet, Graf',
    title: 'Pruning filters for efficient ConvNets',
    year: 2017,
    venue: 'ICLR 2017',
    url: 'https://arxiv.org/abs/1608.08710',
  },
  mozer1989skeletonization: {
    authors: 'Mozer, Smolensky',
    title: 'Skeletonization: a technique for trimming the fat from a network via relevance assessment',
    year: 1989,
    venue: 'NIPS 1',
    url: 'https://papers.nips.cc/paper/1988/hash/07e1cd7dca89a1678042477183b7ac3f-Abstract.html',
  },
  hu2016trimming: {
    authors: 'Hu, Peng, Tai, Tang',
    title: 'Network trimming: a data-driven neuron pruning approach towards efficient deep architectures',
    year: 2016,
    venue: 'arXiv:1607.03250',
    url: 'https://arxiv.org/abs/1607.03250',
  },
  molchanov2017taylor: {
    authors: 'Molchanov, Tyree, Karras, Aila, Kautz',
    title: 'Pruning convolutional neural networks for resource efficient inference',
    year: 2017,
    venue: 'ICLR 2017',
    url: 'https://arxiv.org/abs/1611.06440',
  },
  molchanov2019importance: {
    authors: 'Molchanov, Mallya, Tyree, Frosio, Kautz',
    title: 'Importance estimation for neural network pruning',
    year: 2019,
    venue: 'CVPR 2019',
    url: 'https://arxiv.org/abs/1906.10771',
  },
  theis2018fisher: {
    authors: 'Theis, Korshunova, Tejani, Huszár',
    title: 'Faster gaze prediction with dense networks and Fisher pruning',
    year: 2018,
    venue: 'arXiv:1801.05787',
    url: 'https://arxiv.org/abs/1801.05787',
  },
  lee2019snip: {
    authors: 'Lee, Ajanthan, Torr',
    title: 'SNIP: single-shot network pruning based on connection sensitivity',
    year: 2019,
    venue: 'ICLR 2019',
    url: 'https://arxiv.org/abs/1810.02340',
  },
  zhou2019deconstructing: {
    authors: 'Zhou, Lan, Liu, Yosinski',
    title: 'Deconstructing lottery tickets: zeros, signs, and the supermask',
    year: 2019,
    venue: 'NeurIPS 2019',
    url: 'https://arxiv.org/abs/1905.01067',
  },
  blalock2020state: {
    authors: 'Blalock, Gonzalez Ortiz, Frankle, Guttag',
    title: 'What is the state of neural network pruning?',
    year: 2020,
    venue: 'MLSys 2020',
    url: 'https://arxiv.org/abs/2003.03033',
  },
  oneill2020overview: {
    authors: "O'Neill",
    title: 'An overview of neural network compression',
    year: 2020,
    venue: 'arXiv:2006.03669',
    url: 'https://arxiv.org/abs/2006.03669',
  },
  singh2020woodfisher: {
    authors: 'Singh, Alistarh',
    title: 'WoodFisher: Efficient Second-Order Approximation for Neural Network Compression',
    year: 2020,
    venue: 'NeurIPS 2020',
    url: 'https://arxiv.org/abs/2004.14340',
  },
  tanaka2020synflow: {
    authors: 'Tanaka, Kunin, Yamins, Ganguli',
    title: 'Pruning neural networks without any data by iteratively conserving synaptic flow',
    year: 2020,
    venue: 'NeurIPS 2020',
    url: 'https://arxiv.org/abs/2006.05467',
  },
  wang2020grasp: {
    authors: 'Wang, Zhang, Grosse',
    title: 'Picking winning tickets before training by preserving gradient flow',
    year: 2020,
    venue: 'ICLR 2020',
    url: 'https://arxiv.org/abs/2002.07376',
  },
  dejorge2021force: {
    authors: 'de Jorge, Sanyal, Behl, Torr, Rogez, Dokania',
    title: 'Progressive skeletonization: trimming more fat from a network at initialization',
    year: 2021,
    venue: 'ICLR 2021',
    url: 'https://arxiv.org/abs/2006.09081',
  },
  hanson1988weightDecay: {
    authors: 'Hanson, Pratt',
    title: 'Comparing biases for minimal network construction with back-propagation',
    year: 1988,
    venue: 'NIPS 1',
    url: 'https://papers.nips.cc/paper/1988/hash/1c9ac0159c94d8d0cbedc973445af2da-Abstract.html',
  },
  karnin1990sensitivity: {
    authors: 'Karnin',
    title: 'A simple procedure for pruning back-propagation trained neural networks',
    year: 1990,
    venue: 'IEEE Transactions on Neural Networks 1(2)',
    url: 'https://doi.org/10.1109/72.80236',
  },
  weigend1990elimination: {
    authors: 'Weigend, Rumelhart, Huberman',
    title: 'Generalization by weight-elimination with application to forecasting',
    year: 1990,
    venue: 'NIPS 3',
    url: 'https://papers.nips.cc/paper/1990/hash/bc6dc48b743dc5d013b1abaebd2faed2-Abstract.html',
  },
  setiono1997penalty: {
    authors: 'Setiono',
    title: 'A penalty-function approach for pruning feedforward neural networks',
    year: 1997,
    venue: 'Neural Computation 9(1)',
    url: 'https://doi.org/10.1162/neco.1997.9.1.185',
  },
  liu2017slimming: {
    authors: 'Liu, Li, Shen, Huang, Yan, Zhang',
    title: 'Learning efficient convolutional networks through network slimming',
    year: 2017,
    venue: 'ICCV',
    url: 'https://arxiv.org/abs/1708.06519',
  },
  molchanov2017sparseVd: {
    authors: 'Molchanov, Ashukha, Vetrov',
    title: 'Variational dropout sparsifies deep neural networks',
    year: 2017,
    venue: 'ICML',
    url: 'https://arxiv.org/abs/1701.05369',
  },
  mocanu2018set: {
    authors: 'Mocanu, Mocanu, Stone, Nguyen, Gibescu, Liotta',
    title:
      'Scalable training of artificial neural networks with adaptive sparse connectivity inspired by network science',
    year: 2018,
    venue: 'Nature Communications 9',
    url: 'https://arxiv.org/abs/1707.04780',
  },
  frankle2019lottery: {
    authors: 'Frankle, Carbin',
    title: 'The lottery ticket hypothesis: finding sparse, trainable neural networks',
    year: 2019,
    venue: 'ICLR',
    url: 'https://arxiv.org/abs/1803.03635',
  },
  dettmers2019momentum: {
    authors: 'Dettmers, Zettlemoyer',
    title: 'Sparse networks from scratch: faster training without losing performance',
    year: 2019,
    venue: 'arXiv 1907.04840',
    url: 'https://arxiv.org/abs/1907.04840',
  },
  frankle2020connectivity: {
    authors: 'Frankle, Dziugaite, Roy, Carbin',
    title: 'Linear mode connectivity and the lottery ticket hypothesis',
    year: 2020,
    venue: 'ICML',
    url: 'https://arxiv.org/abs/1912.05671',
  },
  evci2020rigl: {
    authors: 'Evci, Gale, Menick, Castro, Elsen',
    title: 'Rigging the lottery: making all tickets winners',
    year: 2020,
    venue: 'ICML',
    url: 'https://arxiv.org/abs/1911.11134',
  },
  lee2021lamp: {
    authors: 'Lee, Park, Mo, Ahn, Shin',
    title: 'Layer-adaptive sparsity for the magnitude-based pruning',
    year: 2021,
    venue: 'ICLR 2021',
    url: 'https://arxiv.org/abs/2010.07611',
  },
  frantar2022obc: {
    authors: 'Frantar, Singh, Alistarh',
    title: 'Optimal Brain Compression: A Framework for Accurate Post-Training Quantization and Pruning',
    year: 2022,
    venue: 'NeurIPS 2022',
    url: 'https://arxiv.org/abs/2208.11580',
  },
  liu2022random: {
    authors: 'Liu, Chen, Chen, Shen, Mocanu, Wang, Pechenizkiy',
    title: 'The unreasonable effectiveness of random pruning',
    year: 2022,
    venue: 'ICLR 2022',
    url: 'https://arxiv.org/abs/2202.02643',
  },
} satisfies Readonly<Record<string, Citation>>;

export type PaperKey = keyof typeof bibliography;

function isPaperKey(text: string): text is PaperKey {
  return Object.hasOwn(bibliography, text);
}

/** The paper of a key; undefined for a text that is none. */
export function paperOf(key: string): Citation | undefined {
  return isPaperKey(key) ? bibliography[key] : undefined;
}

/** A paper that is cited by key or with its whole text. */
export function citationOf(citation: Citation | PaperKey): Citation {
  return typeof citation === 'string' ? bibliography[citation] : citation;
}

/** "Hagiwara 1994", "Hassibi & Stork 1993", "Han et al. 2015" */
export function shortCitation({ authors, year }: Pick<Citation, 'authors' | 'year'>): string {
  const [first, second, ...others] = authors.split(', ');
  if (second === undefined) return `${first} ${year}`;
  return others.length > 0 ? `${first} et al. ${year}` : `${first} & ${second} ${year}`;
}
