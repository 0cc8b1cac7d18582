# docker build -t llm-platform .                       on processors
# docker build -t llm-platform:cuda --target cuda .    local models on NVIDIA's GPUs, amd64 only
#
# The bases are arguments, so that a build of yours names them by digest: --build-arg NODE_IMAGE=node@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG CUDA_IMAGE=nvidia/cuda:12.6.3-runtime-ubuntu24.04

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY packages/kit/package.json packages/kit/
COPY packages/integrations/package.json packages/integrations/
COPY packages/server/package.json packages/server/
COPY packages/client/package.json packages/client/
COPY packages/client/bin packages/client/bin
COPY packages/console/package.json packages/console/
# No script of a dependency runs; the models' binaries are packages of their own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node tools/build.ts && node tools/image-tree.ts /tree

# The lock leaves the gigabyte of CUDA's kernels out, which nobody else needs.
FROM build AS build-cuda
WORKDIR /cuda
RUN version="$(node -p 'require("/src/node_modules/node-llama-cpp/package.json").version')" \
  && for name in linux-x64-cuda linux-x64-cuda-ext; do \
    mkdir -p "/tree/node_modules/@node-llama-cpp/$name" \
    && tar -xzf "$(npm pack --silent "@node-llama-cpp/$name@$version")" --strip-components=1 \
      -C "/tree/node_modules/@node-llama-cpp/$name"; \
  done

FROM ${CUDA_IMAGE} AS cuda
COPY --from=build /usr/local/bin/node /usr/local/bin/node
RUN install -d -o 10001 -g 10001 /var/lib/llm-platform /etc/llm-platform
COPY --from=build-cuda /tree /opt/llm-platform
ENV NODE_ENV=production HOME=/var/lib/llm-platform LLM_PLATFORM_ENVIRONMENT=production LLM_PLATFORM_SERVER__HOST=0.0.0.0 LLM_PLATFORM_DATA_DIR=/var/lib/llm-platform
WORKDIR /etc/llm-platform
USER 10001:10001
VOLUME ["/var/lib/llm-platform"]
EXPOSE 8000 50051 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:8000/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=32", "/opt/llm-platform/packages/server/bundle/main.js"]

# The last stage is what is built without --target.
FROM ${NODE_IMAGE} AS cpu
# Nothing is installed in a container that runs: who breaks into one finds no tool for it.
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* /usr/bin/apt* \
  && install -d -o 10001 -g 10001 /var/lib/llm-platform /etc/llm-platform
COPY --from=build /tree /opt/llm-platform
ENV NODE_ENV=production HOME=/var/lib/llm-platform LLM_PLATFORM_ENVIRONMENT=production LLM_PLATFORM_SERVER__HOST=0.0.0.0 LLM_PLATFORM_DATA_DIR=/var/lib/llm-platform
WORKDIR /etc/llm-platform
USER 10001:10001
VOLUME ["/var/lib/llm-platform"]
EXPOSE 8000 50051 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:8000/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=32", "/opt/llm-platform/packages/server/bundle/main.js"]
