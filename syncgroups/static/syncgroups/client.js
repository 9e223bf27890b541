/**
 * A client of the API for participants: what waiting pages ask by, and pages and programs of a site's own may.
 * An ES module that depends on nothing.
 *
 *   import { Participant } from "/static/syncgroups/client.js";
 *   const me = new Participant({ me: "/sync/api/v1/me/" });
 *   const visit = await me.arrive("rps_grouper");
 *
 * @typedef {{barrier_id: string, visit_id: string, since: string, until: string, n_here: number,
 *   n_needed: number | null, paused: boolean, extensions_left: number, message: string}} Wait
 * @typedef {{group_type: string, group_id: string, role: "leader" | "follower", size: number}} Group
 * @typedef {{participant_id: string, status: string, failed: boolean, failed_reason: string, time_credit: number,
 *   waits: Wait[], groups: Group[], presence: string, waiting: boolean, poll_after: number}} Standing
 * @typedef {{visit_id: string, barrier_id: string, visit: string | null, state: string, since: string, until: string,
 *   ended_at: string | null, time_credit: number, extensions_left: number}} Visit
 * @typedef {{seconds: number | null, basis: string, certain: boolean, text: string}} Estimate
 * @typedef {{body?: object, hidden?: boolean, keepalive?: boolean, signal?: AbortSignal}} Options
 */

/** What the server refuses. `code` is stable; `message` is for people. */
export class Problem extends Error {
  /**
   * @param {Response} response
   * @param {{code?: string, detail?: string, errors?: Object<string, string[]>}} [details]
   */
  constructor(response, { code = "", detail = "", errors = {} } = {}) {
    super(detail || `status ${response.status}`);
    this.name = "Problem";
    this.status = response.status;
    this.code = code;
    this.errors = errors;
    /** Seconds to wait before asking again; 0 where the server does not say. */
    this.retryAfter = Number(response.headers.get("Retry-After")) || 0;
    /** Whether asking the same again cannot help. */
    this.isFinal =
      response.type === "opaqueredirect" ||
      (this.status >= 400 && this.status < 500 && ![408, 425, 429].includes(this.status));
  }
}

/** Whoever asks: by a token, or else by the cookies of the browser. */
export class Participant {
  /**
   * @param {{me: string, token?: string, csrf?: string, patience?: number}} where `patience` in seconds, for each answer.
   *   `csrf`: the page's `{{ csrf_token }}`, where scripts cannot read it from a cookie called "csrftoken"
   */
  constructor({ me, token = "", csrf = "", patience = 10 }) {
    this.me = new URL(me, document.baseURI);
    this.token = token;
    this.csrf = csrf;
    this.patience = patience;
    /** The server's clock with the last answer, in milliseconds; NaN where it does not tell. */
    this.now = NaN;
  }

  /** @param {Options} [options] @returns {Promise<Standing>} */
  standing(options) {
    return this.ask("", options);
  }

  /**
   * Begin to wait at a barrier that is open to the API. Safe to repeat.
   * @param {string} barrier_id
   * @param {string | null} [visit] name of this visit among those to the barrier
   * @returns {Promise<Visit>}
   */
  arrive(barrier_id, visit = null) {
    return this.ask("arrive/", { body: { barrier_id, visit } });
  }

  /** @param {string} id @param {Options} [options] @returns {Promise<Visit>} */
  visit(id, options) {
    return this.ask(`visits/${encodeURIComponent(id)}/`, options);
  }

  /**
   * How long a wait will probably still take, in seconds and in words.
   * @param {string} id @param {string} [language] @returns {Promise<Estimate>}
   */
  estimate(id, language = document.documentElement.lang) {
    return this.ask(`estimate/?${new URLSearchParams({ visit: id, language })}`);
  }

  /**
   * Wait for longer. Heeded once for each number of extensions that were left.
   * @param {Pick<Visit, "visit_id" | "extensions_left">} visit
   * @returns {Promise<Visit>}
   */
  extend({ visit_id, extensions_left }) {
    return this.ask(`visits/${encodeURIComponent(visit_id)}/extend/`, { body: { extensions_left } });
  }

  /** End the participation, with the credit earned. @returns {Promise<Standing>} */
  leave() {
    return this.ask("leave/", { body: {} });
  }

  /**
   * @param {string | URL} address relative to the participant's own
   * @param {Options} [options] with a `body` it is a POST
   * @returns {Promise<any>} what is answered; rejects with a `Problem`, or with what `fetch` rejects with
   */
  async ask(address, { body, hidden = false, keepalive = false, signal } = {}) {
    const impatience = new AbortController();
    const giveUp = () => impatience.abort();
    const limit = setTimeout(giveUp, this.patience * 1000);
    signal?.addEventListener("abort", giveUp);
    if (signal?.aborted) {
      giveUp(); // Nobody is told of that any more.
    }
    try {
      // "no-cache" lets the browser send If-None-Match, and answer from its cache on 304.
      const response = await fetch(new URL(address, this.me), {
        method: body ? "POST" : "GET",
        body: body && JSON.stringify(body),
        headers: this.headers(body, hidden),
        keepalive,
        cache: "no-cache",
        credentials: "same-origin",
        redirect: "manual",
        signal: impatience.signal,
      });
      if (!response.ok) {
        throw new Problem(response, await response.json().catch(() => ({})));
      }
      this.now = Date.parse(response.headers.get("Date") ?? "");
      return await response.json();
    } finally {
      clearTimeout(limit);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** @param {object | undefined} body @param {boolean} hidden @returns {Record<string, string>} */
  headers(body, hidden) {
    const genuine = this.csrf || /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
    return {
      Accept: "application/json",
      ...(this.token && { Authorization: `Participant ${this.token}` }),
      ...(hidden && { "Syncgroups-Page": "hidden" }),
      ...(body && { "Content-Type": "application/json" }),
      ...(body && !this.token && genuine && { "X-CSRFToken": genuine }),
    };
  }
}
