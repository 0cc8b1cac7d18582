import { createRoot } from "react-dom/client";
import "./design/tokens.css";
import "./design/base.css";
import { App } from "./app.tsx";
import { createSession } from "./session/session.ts";

// A browser that came to the server's root is given the console's own address.
if (window.location.pathname === "/") history.replaceState(null, "", "/console/");

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App session={createSession(window.location.origin)} />);
