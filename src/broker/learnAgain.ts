// What the estimator knows again after a start.
import { readBasis } from '../domain/estimateBasis.ts';
import type { Estimator } from '../domain/estimator.ts';
import type { EstimateSample } from './store/ledgerPort.ts';

/** Lets the estimator learn again from what the ledger remembers. */
export function learnAgain(estimator: Estimator, samples: readonly EstimateSample[]): void {
  for (const sample of samples) {
    const basis = readBasis(JSON.parse(sample.basis));
    if (basis) estimator.learnFrom(basis, sample);
  }
}
