/* Tells whoever does something else meanwhile that a wait is over: by the title of the window and, where they have
 * asked for it, by a sound and by vibration. Belongs to wait.js. The sound is made here; there is nothing to load.
 */
(() => {
  "use strict";

  const KEY = "syncgroups-signal";
  const TONES = [660, 880]; // hertz
  const LENGTH = 0.18; // seconds, of each
  const START = 0.5; // seconds in which a sound that is allowed has become possible

  const page = document.querySelector("[data-syncgroups-wait]");
  const wish = page && page.querySelector("[data-syncgroups-signal]");
  if (!wish) {
    return;
  }
  const announcement = page.querySelector("[data-syncgroups-announcement]");
  const hint = page.querySelector("[data-syncgroups-signal-hint]");
  let audio = null;

  function remembered() {
    try {
      return localStorage.getItem(KEY) === "1";
    } catch {
      return false; // Storage may be forbidden.
    }
  }

  function remember() {
    try {
      localStorage.setItem(KEY, wish.checked ? "1" : "0");
    } catch {
      // Then it holds for this page only.
    }
  }

  /**
   * Browsers let a page make a noise only after its reader has touched it, or the page before; each by rules of its own.
   * So it is tried.
   */
  function unlock() {
    if (wish.checked && audible()) {
      audio.resume().catch(() => {}); // What is missing, the hint says.
      setTimeout(showHint, START * 1000);
    }
  }

  function audible() {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!audio && Context) {
      audio = new Context();
      audio.onstatechange = showHint;
    }
    return audio;
  }

  /** A wish that nothing comes of is not kept quiet. What was shown keeps its room: nothing moves under a finger. */
  function showHint() {
    const silent = Boolean(wish.checked && audio && audio.state !== "running");
    if (hint) {
      hint.hidden = hint.hidden && !silent;
      hint.classList.toggle("syncgroups-done", !silent);
    }
  }

  function mayDisturb() {
    return !navigator.userActivation || navigator.userActivation.hasBeenActive;
  }

  /** Two short tones, the second one higher. Settles when they have faded. */
  function play() {
    if (!audio || audio.state !== "running") {
      return Promise.resolve();
    }
    const start = audio.currentTime;
    const tones = TONES.map((frequency, position) => tone(frequency, start + position * LENGTH));
    return new Promise((resolve) => {
      tones[tones.length - 1].onended = resolve;
    });
  }

  function tone(frequency, start) {
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = frequency;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
    volume.gain.linearRampToValueAtTime(0, start + LENGTH);
    source.connect(volume).connect(audio.destination);
    source.start(start);
    source.stop(start + LENGTH);
    return source;
  }

  function signal(event) {
    const text = event.detail.active ? wish.dataset.textReady : wish.dataset.textOver;
    document.title = text;
    if (announcement) {
      announcement.textContent = text;
    }
    if (wish.checked) {
      event.detail.holds.push(play());
      if (navigator.vibrate && mayDisturb()) {
        navigator.vibrate([200, 100, 200]);
      }
    }
  }

  function choose() {
    remember();
    unlock();
    if (audio && wish.checked) {
      audio.resume().then(play, () => {}); // This is what it will sound like.
    }
    showHint();
  }

  wish.checked = remembered();
  wish.addEventListener("change", choose);
  page.addEventListener("syncgroups:ended", signal);
  document.addEventListener("pointerup", unlock);
  document.addEventListener("keyup", unlock);
  unlock();
})();
