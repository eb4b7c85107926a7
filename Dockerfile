# syntax=docker/dockerfile:1
# The server as one static binary on an empty image: no shell, no packages, not
# root. Everything that it writes is in /data; the rest may be read-only.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOTOOLCHAIN=local go build -trimpath \
      -ldflags "-s -w -X parley/internal/server.release=${VERSION}" -o /out/parley ./cmd/parley \
 && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/parley /parley
COPY --from=build --chown=65532:65532 --chmod=0700 /out/data /data
USER 65532:65532
ENV PARLEY_DATA_DIR=/data \
    PARLEY_HTTP_ADDR=0.0.0.0:5280 \
    PARLEY_C2S_ADDR=0.0.0.0:5222 \
    PARLEY_C2S_TLS_ADDR=0.0.0.0:5223 \
    PARLEY_ADMIN_ADDR=127.0.0.1:5281
VOLUME /data
EXPOSE 5280 5222 5223
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/parley", "health"]
ENTRYPOINT ["/parley"]
