import { describe, expect, it } from 'vitest';
import { chartTitle, domainOf, drawable, drawn, reported, scalarTitle, type Scalar } from './scalars';

const number = (key: string): Scalar => ({ key, label: `L(${key})`, kind: 'number' });
const flag = (key: string): Scalar => ({ key, label: key, kind: 'flag' });
const method = (...scalars: Scalar[]) => ({ scalars });

describe('the scalar in the live chart', () => {
  it('is the loss on the rest, else that on what is forgotten, else the first that there is', () => {
    expect(drawn(method(number('dot'), number('forgetCe'), number('retainCe')), 'auto')?.key).toBe('retainCe');
    expect(drawn(method(number('dot'), number('forgetCe')), 'auto')?.key).toBe('forgetCe');
    expect(drawn(method(flag('hit'), number('dampened')), 'auto')?.key).toBe('dampened');
    expect(drawn(method(flag('hit'), number('forgetAccuracy')), 'auto')).toBeUndefined();
  });

  it('is what was chosen, where the method reports it', () => {
    const of = method(number('retainCe'), number('dot'));
    expect(drawn(of, 'dot')?.key).toBe('dot');
    expect(drawn(of, 'dampened')?.key).toBe('retainCe');
  });

  it('can be any number that is not drawn already', () => {
    const of = method(number('a'), number('retainAccuracy'), flag('b'), number('retainCe'));
    expect(drawable(of).map(({ key }) => key)).toEqual(['retainCe', 'a']);
  });

  it('is called by words where there are some', () => {
    expect(scalarTitle(number('retainCe'))).toBe('Loss on the rest');
    expect(scalarTitle(number('ratio'))).toBe('L(ratio)');
  });

  it('can be of the certificate, where the run has one', () => {
    const of = method(number('retainCe'), number('dot'));
    expect(drawable(reported(of, true)).map(({ key }) => key)).toEqual([
      'retainCe',
      'certificateDot',
      'retainChange',
      'retainChangeFixed',
      'dot',
    ]);
    expect(drawable(reported(of, undefined)).map(({ key }) => key)).toEqual(['retainCe', 'dot']);
    expect(drawn(reported(of, false), 'retainChange')?.key).toBe('retainCe');
  });

  it('says over its chart which images it is of', () => {
    expect(chartTitle(number('retainCe'))).toBe('Loss on the rest, last batch');
    expect(chartTitle(number('retainChangeFixed'))).toBe('Change of the loss on a fixed batch of the rest');
  });

  it('has room for what is under 0', () => {
    expect(domainOf([])).toEqual([0, 0.2]);
    expect(domainOf([[1, 0.7]])).toEqual([0, 1]);
    expect(
      domainOf([
        [1, -3],
        [2, 1],
      ]),
    ).toEqual([-5, 5]);
  });
});
