// Asking the room: every answer is JSON; where it refuses, an Error with its sentence and its status.

export async function ask(path, body) {
  const how = { headers: {}, credentials: "same-origin" };
  if (body !== undefined) {
    how.method = "POST";
    how.body = JSON.stringify(body);
    how.headers["Content-Type"] = "application/json";
  }
  const answer = await fetch(path, how);
  const found = await answer.json();
  if (!answer.ok) {
    throw Object.assign(new Error(found.sentence), { status: answer.status });
  }
  return found;
}

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// An element with text in it, never markup: names are whatever somebody typed.
export function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
