import { useRef } from "react";
import { Button, IconButton } from "../../components/button.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useText } from "../../text/use-text.ts";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";

/** In bytes of all images of one question; the server takes no longer requests by default. */
const mostBytes = 15_000_000;

/** Images for a question, each as a data URL. */
export function ImageField({
  images,
  onChange,
}: {
  readonly images: readonly string[];
  onChange(images: readonly string[]): void;
}) {
  const say = useText(playgroundMessages);
  const toasts = useToasts();
  const input = useRef<HTMLInputElement>(null);
  async function add(files: readonly File[]) {
    const read = await Promise.all(files.map(toDataUrl));
    const all = [...images, ...read];
    if (all.reduce((sum, url) => sum + url.length, 0) > mostBytes)
      return toasts.failed(new Error(say("images_too_large")));
    onChange(all);
  }
  return (
    <div className={styles["images"]}>
      {images.map((url, at) => (
        <div key={url} className={styles["image"]}>
          <img src={url} alt={say("image", { place: at + 1 })} />
          <IconButton
            icon="cross"
            label={say("remove_image", { place: at + 1 })}
            onClick={() => onChange(images.filter((each) => each !== url))}
          />
        </div>
      ))}
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp,image/gif"
        multiple
        hidden
        aria-label={say("add_image")}
        onChange={(event) => {
          void add([...(event.target.files ?? [])]);
          // The same file may be chosen again.
          event.target.value = "";
        }}
      />
      <Button look="quiet" icon="plus" onClick={() => input.current?.click()}>
        {say("add_image")}
      </Button>
    </div>
  );
}

function toDataUrl(file: File): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const reader = new FileReader();
  reader.onload = () => resolve(String(reader.result));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
  return promise;
}
