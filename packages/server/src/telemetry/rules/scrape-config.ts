import { stringify } from "yaml";

export interface ScrapeConfigInput {
  readonly job: string;
  readonly scheme: "http" | "https";
  /** On Prometheus' machine. */
  readonly credentialsFile: string;
  readonly targetsFile: string;
}

/** The member of Prometheus' `scrape_configs` for the platform. */
export function formatScrapeConfig({ job, scheme, credentialsFile, targetsFile }: ScrapeConfigInput): string {
  return stringify(
    [
      {
        job_name: job,
        scheme,
        scrape_interval: "15s",
        authorization: { credentials_file: credentialsFile },
        file_sd_configs: [{ files: [targetsFile] }],
      },
    ],
    { lineWidth: 0 },
  );
}
