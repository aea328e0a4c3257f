import { connectAddress } from './addressConnection';
import { connectProgram } from './programConnection';
import type { Connect } from './serverConnection';

export const connectEndpoint: Connect = (endpoint, surroundings) =>
  'program' in endpoint
    ? connectProgram(endpoint, surroundings)
    : connectAddress(endpoint, surroundings);
