# The server. Built: docker build -t dhuo-graph .   Run: docker-compose.yml, deploy/kubernetes, docs/production.md.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts/link-node.mjs scripts/
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run -s build \
 && npm prune --omit=dev --no-audit --no-fund \
 # The image brings Node: the one that npm brought to run the build stays behind.
 && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/.cache

FROM node:24-bookworm-slim
# Python runs the scripts of pipelines and the handlers of predictions where compute and functions are `local:`.
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-pip python3-venv tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY templates templates
RUN mkdir /data && chown node:node /data
USER node
ENV HOST=0.0.0.0 PORT=4000 DHUO_HOME=/data NODE_ENV=production
VOLUME /data
EXPOSE 4000
# That the process answers. Whether its backends do is for whoever balances load: /readyz.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 4000) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Scripts leave processes behind that somebody must reap.
ENTRYPOINT ["tini", "--"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
