/** What peer_sparse.py is asked, and what it answers. */

export interface ProductRequest {
  readonly job: 'product';
  readonly kind: 'dense' | 'csr' | 'coo' | 'scipy';
  readonly rows: number;
  readonly columns: number;
  readonly n: number;
  readonly density: number;
}

export interface NetworkRequest {
  readonly job: 'eval' | 'train';
  readonly network: string;
  readonly batchSize: number;
  readonly layout: 'nchw' | 'channels_last';
}

export type PeerRequest = ProductRequest | NetworkRequest;

/** Seconds of each repeat; none where the peer has no such operation. */
export type SparseAnswers = Record<PeerRequest['job'], { seconds?: number[] }>;
