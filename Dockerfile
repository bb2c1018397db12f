# Built and pushed for one platform at a time: docker build --platform linux/arm64 .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS TARGETARCH
ARG VERSION=dev
WORKDIR /src
# The modules change less often than the code: a layer of their own.
COPY go.mod go.sum ./
RUN go mod download
COPY main.go ./
COPY api/ api/
COPY controllers/ controllers/
COPY internal/ internal/
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /seatwarden .

# No shell, no package manager, not root.
FROM gcr.io/distroless/static:nonroot
COPY --from=build /seatwarden /seatwarden
USER 65532:65532
ENTRYPOINT ["/seatwarden"]
