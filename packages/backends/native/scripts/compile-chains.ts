// Writes src/cc/elementwise/compiled-chains.cc from the list of chains in chain-forms.txt beside it: `node scripts/compile-chains.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadAddon } from '../src/addon.ts';
import { KernelTable } from '../src/descriptors.ts';
import { chainSource, listedForms } from './chain-source.ts';

const folder = path.join(import.meta.dirname, '../src/cc/elementwise');
const { kernels, enums } = await loadAddon();
const forms = listedForms(readFileSync(path.join(folder, 'chain-forms.txt'), 'utf8'));
writeFileSync(path.join(folder, 'compiled-chains.cc'), chainSource(new KernelTable(kernels, enums), forms));
