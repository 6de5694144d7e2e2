/** Go's standard library, as far as Argo's templates show it: values, text, numbers, %v and Sprintf, JSON, time. */
export * from './go/values.ts';
export * from './go/strings.ts';
export * from './go/numbers.ts';
export * from './go/format.ts';
export * from './go/json.ts';
export * from './go/time.ts';
export * from './go/text.ts';
export * from './go/regexp.ts';
