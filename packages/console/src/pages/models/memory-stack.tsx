import { NumberTable, PlotFrame, seriesColour } from "../../components/plot-frame.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import type { DeviceMemory } from "./device-memory.ts";
import { modelMessages } from "./messages.ts";
import styles from "./models.module.css";

interface MemoryStackProps {
  readonly devices: readonly DeviceMemory[];
}

/** What takes how much of the memory of each device, and what is free. */
export function MemoryStack({ devices }: MemoryStackProps) {
  const say = useText(modelMessages);
  const { bytes } = useFormats();
  const nameOf = (device: DeviceMemory) => device.name ?? say("machine_memory");
  const label = say("memory");
  return (
    <PlotFrame
      label={label}
      legend={<p className={styles["by"]}>{say("by_device")}</p>}
      table={
        <NumberTable
          label={label}
          titles={[say("device"), say("part"), say("bytes")]}
          rows={devices.flatMap((device) =>
            [...device.parts, { name: "", kind: "free" as const, bytes: device.freeBytes }].map((part) => ({
              key: `${device.key} ${part.kind} ${part.name}`,
              head: nameOf(device),
              cells: [part.kind === "model" ? part.name : say(`memory_${part.kind}`), bytes(part.bytes)],
            })),
          )}
        />
      }
    >
      {devices.map((device) => (
        <Device key={device.key} device={device} name={nameOf(device)} />
      ))}
    </PlotFrame>
  );
}

function Device({ device, name }: { readonly device: DeviceMemory; readonly name: string }) {
  const say = useText(modelMessages);
  const { bytes } = useFormats();
  const { parts, freeBytes, totalBytes } = device;
  return (
    <div className={styles["memory"]}>
      <p>
        <strong>{name}</strong> {say("free_of", { free: bytes(freeBytes), total: bytes(totalBytes) })}
      </p>
      <div className={styles["stack"]} aria-hidden="true">
        {parts.map((part, at) => (
          <span
            key={`${part.kind} ${part.name}`}
            title={part.name}
            style={{
              width: `${totalBytes > 0 ? (part.bytes / totalBytes) * 100 : 0}%`,
              background: `var(${colourOf(part.kind, at)})`,
            }}
          />
        ))}
      </div>
      <ul className={styles["parts"]}>
        {parts.map((part, at) => (
          <li key={`${part.kind} ${part.name}`}>
            <i style={{ background: `var(${colourOf(part.kind, at)})` }} />
            {part.kind === "model" ? part.name : say(`memory_${part.kind}`)}{" "}
            <strong>{bytes(part.bytes)}</strong>
          </li>
        ))}
        <li>
          <i />
          {say("memory_free")} <strong>{bytes(freeBytes)}</strong>
        </li>
      </ul>
    </div>
  );
}

function colourOf(kind: DeviceMemory["parts"][number]["kind"], at: number): string {
  return kind === "model" ? seriesColour(at) : "--line-strong";
}
