# The image of Meetbox: one static program in an otherwise empty file system, for amd64 and arm64.
#
# `docker build .` builds web app and program from the sources. `packaging/image.sh BINARY TAG` packs a program that is
# built already, and needs nothing from a registry.

# What comes first needs no other image, so that `--target prebuilt` ends before those that do.
FROM scratch AS frame
ARG VERSION=unknown
LABEL org.opencontainers.image.title="Meetbox" \
    org.opencontainers.image.description="Self-hosted video meetings on LiveKit" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}"
# LiveKit's recorder runs as 1001 in its own image. What it cannot upload it leaves in /rescue, for its owner alone to
# take away, and it has to read its configuration: so both have one number.
COPY --chown=1001:1001 packaging/image /
USER 1001:1001
# A container's own loopback is reached by nobody outside.
ENV BIND=0.0.0.0
EXPOSE 3001
STOPSIGNAL SIGTERM
# Three questions of three seconds with two pauses between take 13 s. Ending a frozen server works only when it is not
# the first process: `docker run --init`, or `init: true` in compose.
HEALTHCHECK --interval=10s --timeout=20s --start-period=90s --retries=3 \
    CMD ["/meetbox", "healthcheck", "--restart-after", "3"]
ENTRYPOINT ["/meetbox"]
CMD ["serve"]

FROM frame AS prebuilt
ARG BINARY
COPY ${BINARY} /meetbox

# The export is the same for every architecture.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
COPY web/client/package.json client/
RUN npm ci --no-audit --no-fund
COPY openapi ../openapi
COPY web ./
RUN npm run build

FROM rust:1.95-bookworm AS program
WORKDIR /src
COPY . .
COPY --from=web /src/web/out web/out
ENV SQLX_OFFLINE=true RUSTFLAGS="-C target-feature=+crt-static"
# With the target named, the flag is for the program alone and not for what runs during the build.
RUN target=$(rustc -vV | sed -n 's/^host: //p') \
    && cargo build --release --locked --target "$target" \
    && cp "target/$target/release/meetbox" /meetbox

FROM frame
COPY --from=program /meetbox /meetbox
