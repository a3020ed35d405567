import test from 'ava';
import {
  axisOf,
  axisPoint,
  cellName,
  describePoint,
  PrunebenchError,
  pointOf,
  positionOf,
  refuseCollisions,
  shareAt,
  specPoint,
  type TrialDeclaration,
} from '../src/index.ts';

const trial: TrialDeclaration = {
  dataset: 'mnist',
  network: 'mlp',
  method: 'magnitude',
  pretrain: null,
  retrain: null,
  series: 'path',
};

test('a bare sparsity and a point on the axis of sparsities are one', (t) => {
  t.deepEqual(pointOf({ sparsity: 0.9 }), { sparsity: 0.9 });
  t.deepEqual(specPoint({ at: { sparsity: 0.9 } }), { sparsity: 0.9 });
  t.deepEqual(specPoint({ at: { lambda: 0.1 } }), { at: { lambda: 0.1 } });
  t.is(cellName({ ...trial, at: { sparsity: 0.1 + 0.2 } }), cellName({ ...trial, sparsity: 0.3 }));
});

test('a trial has one point', (t) => {
  t.throws(() => pointOf({}), { instanceOf: PrunebenchError });
  t.throws(() => pointOf({ sparsity: 0.5, at: { units: 0.5 } }), { instanceOf: PrunebenchError });
});

test('points have an axis, a place on it and words', (t) => {
  t.deepEqual([{ sparsity: 0.5 }, { units: 0.5 }, { lambda: 0.5 }].map(axisOf), ['sparsity', 'units', 'lambda']);
  t.is(positionOf({ lambda: 0.1 + 0.2 }), 0.3);
  t.is(describePoint({ lambda: 1e-4 }), 'lambda 0.0001');
  t.is(shareAt({ units: 0.25 }), 0.25);
  t.throws(() => shareAt({ lambda: 1 }), { instanceOf: PrunebenchError });
});

test('a point is on one axis, within its bounds', (t) => {
  for (const wrong of [
    { sparsity: 1 },
    { units: -0.1 },
    { lambda: -1 },
    {},
    { sparsity: 0.5, lambda: 1 },
    { lamda: 1 },
  ])
    t.false(axisPoint.safeParse(wrong).success, JSON.stringify(wrong));
});

test('a cell is named by its point: equal numbers on two axes are two cells, and one point twice is refused', (t) => {
  const at = (point: TrialDeclaration['at'] & {}) => ({ ...trial, at: point });
  t.notThrows(() =>
    refuseCollisions([at({ lambda: 0.1 }), at({ lambda: 0.2 }), at({ units: 0.1 }), at({ sparsity: 0.1 })]),
  );
  t.throws(() => refuseCollisions([at({ lambda: 0.1 }), { ...at({ lambda: 0.1 }), method: 'other' }]), {
    instanceOf: PrunebenchError,
    message: /two trials at lambda 0\.1 of mlp on mnist, which differ in method/,
  });
});

test('a share of the multiply-adds is a point, and no share of the weights', (t) => {
  t.deepEqual(specPoint({ at: { multiplyAdds: 0.75 } }), { at: { multiplyAdds: 0.75 } });
  t.is(describePoint({ multiplyAdds: 0.75 }), '0.25 of the multiply-adds left');
  t.false(axisPoint.safeParse({ multiplyAdds: 1 }).success);
  t.throws(() => shareAt({ multiplyAdds: 0.75 }), { instanceOf: PrunebenchError, message: /multiply-adds/ });
});
