// Talk to the service. What goes wrong is an Error whose message a person can read.

import { find, say } from "./elements.js";

let signingIn = null;

/** Call a route; the answer as an object. */
export async function call(method, path, body = undefined) {
  const isForm = body instanceof FormData;
  const answer = await fetch(path, {
    method,
    body: body === undefined || isForm ? body : JSON.stringify(body),
    headers: body === undefined || isForm ? {} : { "Content-Type": "application/json" },
  });
  if (answer.status === 401 && path !== "/v1/session") {
    await signIn();
    return call(method, path, body);
  }
  if (answer.status === 204) return null;
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({ detail: answer.statusText }));
    throw new Error(problem.detail);
  }
  return answer.json();
}

export const get = (path, values = {}) => {
  const named = Object.entries(values).filter(([, value]) => value !== null && value !== "");
  return call("GET", named.length ? `${path}?${new URLSearchParams(named)}` : path);
};

export const post = (path, body) => call("POST", path, body);

/** Do something and say what went wrong, if anything did. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    say(error instanceof TypeError ? "The service does not answer." : error.message, { isWrong: true });
    return undefined;
  }
}

export const pictureOf = (template, height) =>
  template.has_picture
    ? `/v1/picture?${new URLSearchParams({ template_id: template.template_id, height })}`
    : null;

/** Trade a token for the session: the one behind '#token=', else one that is typed. */
export function signIn() {
  signingIn ??= tradeToken().finally(() => (signingIn = null));
  return signingIn;
}

async function tradeToken() {
  const given = location.hash.match(/^#token=(.+)$/)?.[1];
  if (given) {
    history.replaceState(null, "", "#search"); // so that it is neither seen nor kept
    if (await isRight(decodeURIComponent(given))) return;
  }
  const dialog = find("sign-in");
  const field = dialog.querySelector("input");
  for (;;) {
    field.value = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (field.value && (await isRight(field.value))) return;
    say("That is not the token of this service.", { isWrong: true });
  }
}

async function isRight(token) {
  try {
    await call("POST", "/v1/session", { token });
    return true;
  } catch {
    return false;
  }
}
