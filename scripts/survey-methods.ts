/** A method that the survey's chapter on pruning describes. */
export interface SurveyMethod {
  readonly family: string;
  readonly name: string;
  readonly paper: string;
  /** What carries it out here: criteria, methods, extensions or steps by id; none where it is not here yet. */
  readonly entries: readonly string[];
}

/** The methods of the chapter on pruning in J. O'Neill, "An overview of neural network compression", arXiv:2006.03669, family by family. */
export const surveyMethods: readonly SurveyMethod[] = [
  {
    family: 'Weight regularization',
    name: 'Quadratic penalty (weight decay), coupled or decoupled',
    paper: "Hinton 1986, in the survey's equation 1",
    entries: ['quadratic-penalty'],
  },
  {
    family: 'Weight regularization',
    name: 'Weight elimination',
    paper: 'Weigend, Rumelhart & Huberman 1991',
    entries: ['weight-elimination'],
  },
  {
    family: 'Weight regularization',
    name: 'The penalty with β, ε1 and ε2',
    paper: 'Setiono 1997, 2000',
    entries: ['setiono-penalty'],
  },
  { family: 'Weight regularization', name: 'Gram-Schmidt back-propagation', paper: 'Wan et al. 2009', entries: [] },
  {
    family: 'Weight regularization',
    name: 'Filters by the sum of their magnitudes',
    paper: 'Li et al. 2017',
    entries: ['filter-norm'],
  },
  {
    family: 'Magnitude',
    name: 'Magnitude, global and layer-wise, by share',
    paper: 'Han et al. 2015',
    entries: ['magnitude'],
  },
  {
    family: 'Magnitude',
    name: 'Magnitude, by threshold',
    paper: 'Han et al. 2015',
    entries: ['threshold-global', 'threshold-sigma'],
  },
  {
    family: 'Magnitude',
    name: 'Goodness factor, consuming energy, weights power',
    paper: 'Hagiwara 1994',
    entries: ['unit-goodness', 'hagiwara-energy', 'hagiwara-power'],
  },
  {
    family: 'Magnitude',
    name: 'Pruning combined with growth',
    paper: 'Narasimha et al. 2008; Han & Qiao 2013',
    entries: [],
  },
  {
    family: 'Loss sensitivity',
    name: 'Skeletonization',
    paper: 'Mozer & Smolensky 1989',
    entries: ['skeletonization'],
  },
  {
    family: 'Loss sensitivity',
    name: 'Sensitivity over the training',
    paper: 'Karnin 1990',
    entries: ['karnin', 'karnin-sensitivity'],
  },
  { family: 'Loss sensitivity', name: 'Variance nullity', paper: 'Engelbrecht 2001', entries: [] },
  { family: 'Loss sensitivity', name: 'Fourier amplitudes of hidden units', paper: 'Lauret et al. 2006', entries: [] },
  { family: 'Second-order derivatives', name: 'Optimal brain damage', paper: 'LeCun et al. 1990', entries: ['obd'] },
  {
    family: 'Second-order derivatives',
    name: 'Optimal brain surgeon',
    paper: 'Hassibi & Stork 1993',
    entries: ['obs', 'obs-stop-rule'],
  },
  {
    family: 'Second-order derivatives',
    name: 'Optimal brain surgeon in blocks, or in the dominant eigenspace',
    paper: 'Hassibi et al. 1994',
    entries: ['obs-block', 'obs-eigen'],
  },
  { family: 'Second-order derivatives', name: 'Principal components pruning', paper: 'Levin et al. 1994', entries: [] },
  {
    family: 'Second-order derivatives',
    name: 'Layer-wise optimal brain surgeon',
    paper: 'Dong et al. 2017',
    entries: ['l-obs'],
  },
  {
    family: 'First-order derivatives',
    name: 'Taylor expansion of the loss',
    paper: 'Molchanov et al. 2016',
    entries: ['taylor', 'unit-oracle', 'importance-estimation'],
  },
  {
    family: 'First-order derivatives',
    name: 'Fisher pruning',
    paper: 'Theis et al. 2018',
    entries: ['fisher-diagonal', 'fisher-units'],
  },
  { family: 'First-order derivatives', name: 'Piggyback masks', paper: 'Mallya et al. 2018', entries: [] },
  {
    family: 'Structured pruning',
    name: 'Group sparsity',
    paper: 'Yuan & Lin 2006; Scardapane et al. 2017',
    entries: [],
  },
  { family: 'Structured pruning', name: 'Structured sparsity learning', paper: 'Wen et al. 2016', entries: [] },
  { family: 'Structured pruning', name: 'Group-wise brain damage', paper: 'Lebedev & Lempitsky 2016', entries: [] },
  {
    family: 'Structured pruning',
    name: 'Network slimming, the score of early-bird tickets',
    paper: 'Liu et al. 2017',
    entries: ['network-slimming', 'batch-norm-scale'],
  },
  {
    family: 'Bayesian and information-theoretic',
    name: 'Sparse variational dropout',
    paper: 'Molchanov et al. 2017',
    entries: ['sparse-variational-dropout'],
  },
  {
    family: 'Bayesian and information-theoretic',
    name: 'Bayesian compression: normal-Jeffreys and horseshoe priors',
    paper: 'Louizos et al. 2017',
    entries: [],
  },
  {
    family: 'Bayesian and information-theoretic',
    name: 'Variational information bottleneck',
    paper: 'Dai et al. 2018',
    entries: [],
  },
  {
    family: 'Bayesian and information-theoretic',
    name: 'Generative adversarial learning of masks',
    paper: 'Lin et al. 2019',
    entries: [],
  },
  { family: 'Search', name: 'Genetic algorithms', paper: 'Whitley 1990', entries: [] },
  { family: 'Search', name: 'Estimation of distributions', paper: 'Cantú-Paz 2003', entries: [] },
  { family: 'Search', name: 'Channels by a genetic algorithm with distillation', paper: 'Hu et al. 2018', entries: [] },
  { family: 'Search', name: 'Annealing', paper: 'Noy et al. 2020', entries: [] },
  { family: 'Search', name: 'Particle filter', paper: 'Anwar et al. 2017', entries: [] },
  { family: 'Search', name: 'Particle swarm with correlation merging', paper: 'Tu et al. 2010', entries: [] },
  {
    family: 'Search',
    name: 'Automatic compression by reinforcement learning (AMC)',
    paper: 'He et al. 2018',
    entries: [],
  },
  {
    family: 'Before and during training',
    name: 'Lottery tickets, with late rewinding',
    paper: 'Frankle & Carbin 2019; Frankle et al. 2020',
    entries: ['lottery-ticket'],
  },
  {
    family: 'Before and during training',
    name: 'Training the pruned architecture from scratch',
    paper: 'Liu et al. 2019',
    entries: ['reinitialize'],
  },
  {
    family: 'Before and during training',
    name: 'Mask criteria, mask actions and supermasks',
    paper: 'Zhou et al. 2019',
    entries: [],
  },
  { family: 'Before and during training', name: 'Weight-agnostic networks', paper: 'Gaier & Ha 2019', entries: [] },
  { family: 'Before and during training', name: 'Edge-popup', paper: 'Ramanujan et al. 2020', entries: [] },
  { family: 'Before and during training', name: 'Deep rewiring', paper: 'Bellec et al. 2018', entries: [] },
  {
    family: 'Before and during training',
    name: 'Sparse evolutionary training',
    paper: 'Mocanu et al. 2018',
    entries: ['set'],
  },
  { family: 'Before and during training', name: 'NeST', paper: 'Dai et al. 2019', entries: [] },
  {
    family: 'Before and during training',
    name: 'Dynamic sparse reparameterization',
    paper: 'Mostafa & Wang 2019',
    entries: [],
  },
  { family: 'Before and during training', name: 'Sparse momentum', paper: 'Dettmers & Zettlemoyer 2019', entries: [] },
  {
    family: 'Before and during training',
    name: 'Connection sensitivity (SNIP)',
    paper: 'Lee et al. 2019',
    entries: ['snip'],
  },
  { family: 'Before and during training', name: 'Early-bird tickets', paper: 'You et al. 2020', entries: [] },
  {
    family: 'Before and during training',
    name: 'Synaptic flow (SynFlow)',
    paper: 'Tanaka et al. 2020',
    entries: ['synflow'],
  },
];
