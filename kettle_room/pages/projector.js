// The projector: a lesson's recorded picture and nothing else, or the predictions of the class.
import { ask, sleep } from "./asking.js";

const AGAIN = 1500; // milliseconds between two looks at the predictions
const $ = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const notebook = asked.get("notebook") ?? "";
const question = asked.get("question");
let revealed = false;

async function showPicture() {
  const found = await ask(`api/picture?${new URLSearchParams({ notebook })}`);
  document.title = found.title;
  const place = $("picture");
  if (found.html) {
    place.innerHTML = found.html; // the course's own
    place.append(Object.assign(document.createElement("style"), { textContent: found.css }));
  } else if (found.text) {
    place.append(Object.assign(document.createElement("pre"), { textContent: found.text, tabIndex: 0 }));
  } else {
    $("state").textContent = "There is no recorded picture of this lesson.";
  }
}

async function drawPredictions() {
  const query = new URLSearchParams({ notebook, question, fact: revealed ? "1" : "0" });
  const found = await ask(`api/predictions?${query}`);
  document.title = `${found.title}: predictions`;
  $("predictions").hidden = false;
  $("lesson").textContent = found.title;
  $("question").textContent = found.question;
  $("unit").textContent = found.unit;
  if ($("words").textContent !== found.text) {
    $("words").textContent = found.text;
    $("drawn").innerHTML = found.svg; // numbers only; nobody's name is in it
  }
  $("reveal").hidden = revealed && !found.known;
  $("reveal").textContent = revealed ? "Hide the fact" : "Show the fact";
  $("reveal").setAttribute("aria-expanded", String(revealed));
  const unknown = revealed && !found.known;
  if (unknown && $("give").hidden) {
    $("give").hidden = false;
    $("fact").focus();
  }
  if (!unknown) $("give").hidden = true;
  $("card").hidden = !(revealed && found.card);
  $("card").textContent = found.card ? `From the teacher's card: ${found.card}` : "";
}

async function nextQuestion() {
  const { notebooks } = await ask("api/class");
  const names = notebooks.find((each) => each.id === notebook)?.questions.map((each) => each.name) ?? [];
  if (names.length < 2) return;
  const following = names[(names.indexOf(question) + 1) % names.length];
  $("next").href = `projector?${new URLSearchParams({ notebook, question: following })}`;
  $("next").hidden = false;
}

$("reveal").addEventListener("click", () => {
  revealed = !revealed;
  return tell(drawPredictions);
});

$("give").addEventListener("submit", (event) => {
  event.preventDefault();
  return tell(async () => {
    await ask("api/fact", { notebook, question, value: $("fact").valueAsNumber });
    await drawPredictions();
    $("reveal").focus();
  });
});

async function tell(work) {
  try {
    await work();
    $("state").textContent = "";
  } catch (error) {
    $("state").textContent = error.status === 401
      ? "Open the teacher's page in this browser first."
      : error.status ? error.message : "The room does not answer. It is asked again.";
  }
}

async function go() {
  if (question === null) {
    await tell(showPicture);
    return;
  }
  await tell(nextQuestion);
  for (;;) {
    await tell(drawPredictions);
    await sleep(AGAIN);
  }
}

go();
