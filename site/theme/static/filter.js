// The field guide's filter: entries that lack one of the words are hidden. Without this file, all are shown.
(() => {
  document.getElementById("wk-no-script")?.remove();
  const form = document.getElementById("wk-filter");
  if (!form) return;
  const input = form.querySelector("input");
  const found = document.getElementById("wk-found");
  const entries = [...document.querySelectorAll("main section section")];
  const texts = entries.map((entry) => entry.textContent.toLowerCase());
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    entries.forEach((entry, place) => {
      const fits = words.every((word) => texts[place].includes(word));
      entry.hidden = !fits;
      count += fits;
    });
    found.textContent = words.length ? `${count} of ${entries.length}` : "";
  };
  form.hidden = false;
  input.addEventListener("input", show);
  window.addEventListener("pageshow", show); // the browser may bring the words back
  window.addEventListener("hashchange", () => { input.value = ""; show(); });
})();
