// The host's side of the view: JSON-RPC by messages with the window that frames this one. Nothing else is listened to.
const PROTOCOL_VERSION = "2026-01-26";
const METHOD_NOT_FOUND = -32601;
const INITIALIZE_ID = 1;

function send(message) {
  // Which origin frames the view can't be known; the window can.
  window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
}

function notify(method, params) {
  send({ method, params });
}

// Asks the host to begin. `handlers` are called by the names of its notifications, and `begun` with what it says of itself.
function connect(begun, handlers) {
  window.addEventListener("message", ({ source, data }) => {
    if (source !== window.parent || data?.jsonrpc !== "2.0") return;
    if (data.method !== undefined) {
      if (data.id !== undefined) answer(data);
      else if (Object.hasOwn(handlers, data.method)) handlers[data.method](data.params ?? {});
    } else if (data.id === INITIALIZE_ID) {
      // A host that answers with an error may show results all the same.
      begun(data.result ?? {});
      notify("ui/notifications/initialized", {});
    }
  });
  const params = {
    protocolVersion: PROTOCOL_VERSION,
    appInfo: { name: "bulkhead-result", title: "Query result", version: "1" },
    appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
  };
  send({ id: INITIALIZE_ID, method: "ui/initialize", params });
}

function answer({ id, method }) {
  if (method === "ping" || method === "ui/resource-teardown") send({ id, result: {} });
  else send({ id, error: { code: METHOD_NOT_FOUND, message: `there is no method ${method}` } });
}

// Tells the host how large the view is, whenever that changes.
function tellSize() {
  let last = "";
  new ResizeObserver(() => {
    const height = Math.ceil(document.getElementById("view").getBoundingClientRect().height);
    const width = Math.ceil(document.documentElement.clientWidth);
    if (last === `${width} ${height}`) return;
    last = `${width} ${height}`;
    notify("ui/notifications/size-changed", { width, height });
  }).observe(document.getElementById("view"));
}
