// The teacher's page: asks for the class, and again as soon as something has changed.
import { ask, element, sleep } from "./asking.js";

const PAUSE = 200; // milliseconds between two questions, so that much news at once is drawn once
const AGAIN = 2000; // milliseconds after which a room that does not answer is asked again
const $ = (id) => document.getElementById(id);

function ago(seconds) {
  if (seconds < 60) return "now";
  return seconds < 5400 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

// Puts elements in place of others and gives the focus back to the one with the same key.
function replace(place, made) {
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  place.replaceChildren(...made);
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function cells(row, values) {
  for (const value of values) {
    const cell = element("td");
    cell.append(value);
    row.append(cell);
  }
  return row;
}

function drawStuck(people) {
  const stuck = people.filter((each) => each.stuck);
  $("nobody").textContent = stuck.length ? "" : people.length ? "Nobody is stuck." : "Nobody has joined yet.";
  const made = stuck.map((each) => {
    const item = element("li");
    const name = element("b");
    name.append(element("bdi", each.name));
    item.append(name, `${each.stuck}${each.title ? `, in ${each.title}` : ""}`);
    if (each.cause) item.append(element("div", each.cause, { class: "soft" }));
    return item;
  });
  replace($("stuck"), made);
}

function drawPeople(people, steps) {
  const made = people.map((each) => {
    const row = element("tr");
    const name = element("th", "", { scope: "row" });
    name.append(element("bdi", each.name));
    row.append(name);
    const out = element("button", "Take out", { "data-key": each.id, "aria-label": `Take ${each.name} out` });
    out.addEventListener("click", () => takeOut(each));
    const step = each.step ? `${each.step} of ${steps.length}: ${steps[each.step - 1]}` : "";
    const check = each.outcome ? `${each.outcome}${each.cause ? `: ${each.cause}` : ""}` : "";
    const hints = `${each.hints || ""}${each.solution ? " + solution" : ""}`;
    return cells(row, [each.title, step, check, hints, ago(each.idle), out]);
  });
  replace($("people").tBodies[0], made);
}

async function takeOut(person) {
  if (confirm(`Take ${person.name} out of the room? All that was sent in this name is deleted.`)) {
    await say(() => ask("api/remove", { learner: person.id }));
  }
}

function drawCauses(causes) {
  $("no-causes").hidden = causes.length > 0;
  $("causes").hidden = causes.length === 0;
  const made = causes.map((each) => {
    const row = element("tr");
    row.append(element("th", each.title, { scope: "row" }));
    return cells(row, [each.lesson, String(each.told), String(each.people)]);
  });
  replace($("causes").tBodies[0], made);
}

function drawLessons(notebooks, steps) {
  $("no-lessons").hidden = notebooks.length > 0;
  if ($("lessons").contains(document.activeElement) && document.activeElement.tagName === "SELECT") return;
  replace($("lessons"), notebooks.map((each) => drawLesson(each, steps)));
}

function drawLesson(notebook, steps) {
  const made = element("div", "", { class: "lesson" });
  const counts = element("ul", "", { class: "steps" });
  notebook.at.forEach((count, index) => counts.append(element("li", `${steps[index]}: ${count}`)));
  const row = element("div", "", { class: "row" });
  for (const asked of notebook.questions) {
    const query = new URLSearchParams({ notebook: notebook.id, question: asked.name });
    const text = `Predictions: ${asked.name} (${asked.answers})`;
    row.append(element("a", text, { href: `projector?${query}`, target: "_blank", title: asked.text, "data-key": query }));
  }
  const query = new URLSearchParams({ notebook: notebook.id });
  row.append(element("a", "Picture", { href: `projector?${query}`, target: "_blank", "data-key": query }));
  row.append(drawReached(notebook, steps));
  made.append(element("h3", `${notebook.title} (${plural(notebook.here, "learner")} here)`), counts, row);
  return made;
}

function drawReached(notebook, steps) {
  const label = element("label", "The class has reached ");
  const choice = element("select", "", { "data-key": `reached ${notebook.id}` });
  ["no step yet", ...steps].forEach((step, index) => choice.append(new Option(step, index)));
  choice.value = notebook.reached;
  choice.addEventListener("change", () =>
    say(() => ask("api/reach", { notebook: notebook.id, step: Number(choice.value) })));
  label.append(choice);
  return label;
}

function draw(found) {
  $("class").hidden = false;
  $("enter").hidden = $("by-hub").hidden = true;
  $("code").textContent = found.code;
  const stuck = found.people.filter((each) => each.stuck).length;
  const state = `${plural(found.people.length, "learner")}, ${stuck} stuck`;
  if ($("state").textContent !== state) $("state").textContent = state; // read aloud only when it changes
  document.title = stuck ? `(${stuck}) Your class` : "Your class";
  drawStuck(found.people);
  drawLessons(found.notebooks, found.steps);
  drawCauses(found.causes);
  drawPeople(found.people, found.steps);
}

async function say(work) {
  try {
    await work();
  } catch (error) {
    $("state").textContent = error.message;
  }
}

async function enter(secret) {
  await ask("api/teacher", { secret });
  $("refused").textContent = "";
}

$("enter").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await enter($("secret").value);
    $("secret").value = "";
    again();
  } catch (error) {
    $("refused").textContent = error.message;
  }
});

let again = () => {};

// Waits until somebody has entered; on a hub, that is another page.
async function askWho() {
  const { by } = await ask("api/room");
  $("class").hidden = true;
  $("enter").hidden = by !== "code";
  $("by-hub").hidden = by !== "hub";
  $("state").textContent = "Only the teacher sees this.";
  $(by === "hub" ? "by-hub" : "secret").focus();
  await new Promise((done) => { again = done; });
}

async function go() {
  if (location.hash.length > 1) {
    const secret = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname); // so that nobody reads it from the screen
    await enter(secret).catch((error) => { $("refused").textContent = error.message; });
  }
  let version = "";
  for (;;) {
    try {
      const found = await ask(`api/class?since=${version}`);
      version = found.version;
      draw(found);
      await sleep(PAUSE);
    } catch (error) {
      version = "";
      if (error.status === 401) {
        await askWho().catch(() => sleep(AGAIN));
      } else {
        $("state").textContent = "The room does not answer. It is asked again.";
        await sleep(AGAIN);
      }
    }
  }
}

go();
