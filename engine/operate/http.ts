/**
 * `http` templates: the request is made by curl in a small Pod, since the cluster's network is what is meant. What comes back
 * is judged here. Secrets reach the Pod through its environment only.
 */
import { evaluate } from '../template/expr/index.ts';
import { environment } from '../template/expr/env.ts';
import { formatValue, type GoValue } from '../template/go.ts';
import { HTTP_REQUEST, RESPONSE_DIR } from '../pod/http-request.ts';
import { SHARED_DIR } from '../pod/shared.ts';
import type { EnvVar } from '../spec/kubernetes.ts';
import type { HTTPTemplate, Outputs, Parameter, Template } from '../spec/types.ts';
import { executePod } from './leaf.ts';
import { omit } from './omit.ts';
import type { Executed, Run } from './run.ts';
import { openNode, type Task } from './task.ts';

const CURL_IMAGE = 'docker.io/curlimages/curl:latest';
/** Files that the request leaves behind, and the parameters they come back as. */
const PARTS = ['status', 'headers', 'body'] as const;

export function executeHttp(run: Run, task: Task): Executed {
  const { http } = task.template;
  if (!http) return {};
  openNode(run, task, 'HTTP', 'Pending');
  return executePod(run, { ...task, template: requestTemplate(task.template, http, run.observed.settings?.curlImage ?? CURL_IMAGE) });
}

/** @returns whether the template is that of such a Pod */
export function makesRequest(template: Template): boolean {
  return template.outputs?.parameters?.[0]?.valueFrom?.path === `${RESPONSE_DIR}/${PARTS[0]}`;
}

/** @returns a response as the Pod reports it */
export function responseParts(status: number, body: string): Parameter[] {
  return [{ name: 'status', value: String(status) }, { name: 'headers', value: '' }, { name: 'body', value: body }];
}

/** The template as a container that makes the request. */
function requestTemplate(template: Template, http: HTTPTemplate, image: string): Template {
  const parameters = PARTS.map((name): Parameter => ({ name, valueFrom: { path: `${RESPONSE_DIR}/${name}` } }));
  return {
    ...omit(template, 'http', 'outputs'), outputs: { parameters },
    container: {
      image, command: [`${SHARED_DIR}/busybox`, 'sh', '-c', HTTP_REQUEST], env: requestEnv(http),
      resources: { requests: { cpu: '10m', memory: '16Mi' } },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
    },
  };
}

function requestEnv(http: HTTPTemplate): EnvVar[] {
  const env: EnvVar[] = [];
  // Kubernetes reads `$$` as `$`, and `$(NAME)` as a variable.
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') env.push({ name, value: value.replaceAll('$', () => '$$') });
  };
  add('HTTP_METHOD', (http.method || 'GET').toUpperCase());
  add('HTTP_URL', http.url);
  add('HTTP_BODY', http.bodyFrom ? undefined : http.body);
  add('HTTP_BODY_BASE64', http.bodyFrom?.bytes);
  add('HTTP_TIMEOUT', http.timeoutSeconds === undefined ? undefined : String(http.timeoutSeconds));
  add('HTTP_INSECURE', http.insecureSkipVerify ? '1' : undefined);
  const headers = http.headers ?? [];
  add('HTTP_HEADERS', headers.length > 0 ? String(headers.length) : undefined);
  for (const [at, { name, value, valueFrom }] of headers.entries()) {
    add(`HTTP_HEADER_${at}_NAME`, name);
    if (valueFrom?.secretKeyRef) env.push({ name: `HTTP_HEADER_${at}`, valueFrom: { secretKeyRef: valueFrom.secretKeyRef } });
    else add(`HTTP_HEADER_${at}`, value);
  }
  return env;
}

export interface Judged {
  phase: 'Succeeded' | 'Failed';
  message: string;
  outputs?: Outputs;
}

/**
 * What a response makes of its node.
 * @param parts of the response, as the Pod reported them: status, headers, body
 */
// Argo: executeHTTPTemplate
export function judgeResponse(http: HTTPTemplate, parts: readonly Parameter[]): Judged {
  const part = (name: (typeof PARTS)[number]): string => parts.find((parameter) => parameter.name === name)?.value ?? '';
  const status = Number(part('status'));
  const outputs = { result: part('body') };
  if (!http.successCondition) {
    const good = status >= 200 && status < 300;
    return { phase: good ? 'Succeeded' : 'Failed', message: good ? '' : `received non-2xx response code: ${status}`, outputs };
  }
  const values = new Map<string, GoValue>([
    ['request', new Map<GoValue, GoValue>([['method', http.method ?? ''], ['url', http.url], ['body', http.body ?? ''], ['bodyBytes', http.bodyFrom?.bytes ?? ''], ['headers', requestHeaders(http)]])],
    ['response', new Map<GoValue, GoValue>([['statusCode', BigInt(status)], ['body', outputs.result], ['headers', responseHeaders(part('headers'))]])],
  ]);
  let verdict: GoValue;
  try {
    verdict = evaluate(http.successCondition, environment(values));
  } catch (error) {
    // What the condition could not read is no outcome of the request: the node has no outputs then.
    return { phase: 'Failed', message: `unable to evaluate expression '${http.successCondition}': ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof verdict !== 'boolean') return { phase: 'Failed', message: `unable to cast expression result '${formatValue(verdict)}' to bool` };
  return { phase: verdict ? 'Succeeded' : 'Failed', message: verdict ? '' : `successCondition '${http.successCondition}' evaluated false`, outputs };
}

function requestHeaders(http: HTTPTemplate): Map<GoValue, GoValue> {
  return collected((http.headers ?? []).map(({ name, value }) => [name, value ?? '']));
}

/** The headers of the last response: those of redirects stand before. */
function responseHeaders(text: string): Map<GoValue, GoValue> {
  const last = text.trim().split(/\r?\n\r?\n/).at(-1) ?? '';
  return collected(last.split(/\r?\n/).slice(1).flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]];
  }));
}

/** As Go keeps headers: lists of values by the name with capitals at the start of its words. */
function collected(pairs: readonly [string, string][]): Map<GoValue, GoValue> {
  const headers = new Map<GoValue, GoValue>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
    const known = headers.get(key);
    headers.set(key, [...(Array.isArray(known) ? known as GoValue[] : []), value]);
  }
  return headers;
}
