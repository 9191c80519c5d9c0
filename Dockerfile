# No BuildKit features: docker, podman and buildah all take it.
#   docker build -t sluice .
#   docker run -v sluice-data:/data -v ./sluice.yaml:/etc/sluice/sluice.yaml:ro sluice
# In the container agent.data_dir must be /data.

FROM docker.io/library/debian:bookworm-slim AS build
WORKDIR /src
COPY scripts/install-dependencies scripts/install-dependencies
RUN scripts/install-dependencies build
COPY . .
RUN cmake --preset release -DSLUICE_BUILD_TESTS=OFF \
 && cmake --build --preset release --target sluice \
 && strip -o /sluice build/release/agent/sluice

# The program, the shared libraries it loads, the certificates it trusts, and nothing else.
FROM build AS root
RUN apt-get update -q && apt-get install -y -q --no-install-recommends tzdata
RUN packaging/container/collect-root /sluice /root-of-image

FROM scratch
COPY --from=root /root-of-image/ /
USER 990:990
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["/usr/bin/sluice", "health"]
ENTRYPOINT ["/usr/bin/sluice"]
CMD ["run", "-c", "/etc/sluice/sluice.yaml"]
