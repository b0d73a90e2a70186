// Browsers start no worker for a page that was opened as a file. There the search runs in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    #started
    #inside

    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      this.#inside = frame.contentWindow
      this.#inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }))
      this.#started = new Promise((resolve, reject) => {
        const script = frame.contentDocument.createElement("script")
        script.src = new URL(url, document.baseURI)
        script.onload = resolve
        script.onerror = reject
        frame.contentDocument.head.append(script)
      })
    }

    async postMessage(data) {
      await this.#started
      this.#inside.dispatchEvent(new this.#inside.MessageEvent("message", { data }))
    }
  }
}
