# One image a service, and one of the command line:
#
#   docker build --target actor -t rapid-actor .      actor, learner, learner-gpu, replay, evaluator, cli
#
# They stand on Debian, with .NET from its official images: MuJoCo is a package there. Everything is compiled in the same Debian, so that the
# native half finds the C library that it was linked with.
ARG DOTNET=10.0
ARG DEBIAN=bookworm

FROM mcr.microsoft.com/dotnet/sdk:${DOTNET} AS sdk
FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET} AS aspnet

# ---- build -------------------------------------------------------------------------------------------------------------------------
FROM debian:${DEBIAN}-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev libmujoco-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=sdk /usr/share/dotnet /usr/share/dotnet
# Packages come from where the SDK's image would trust them to come from.
COPY --from=sdk /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=$PATH:/usr/share/dotnet DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
    MSBUILDDISABLENODEREUSE=1
WORKDIR /source

# Packages first: they change less often than the code.
FROM build AS packages
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props global.json ./
COPY build build
COPY src/Rapid.Agents/Rapid.Agents.csproj src/Rapid.Agents/
COPY src/Rapid.Cli/Rapid.Cli.csproj src/Rapid.Cli/
COPY src/Rapid.Core/Rapid.Core.csproj src/Rapid.Core/
COPY src/Rapid.Environments/Rapid.Environments.csproj src/Rapid.Environments/
COPY src/Rapid.Environments.Atari/Rapid.Environments.Atari.csproj src/Rapid.Environments.Atari/
COPY src/Rapid.Environments.MuJoCo/Rapid.Environments.MuJoCo.csproj src/Rapid.Environments.MuJoCo/
COPY src/Rapid.Hosting/Rapid.Hosting.csproj src/Rapid.Hosting/
COPY src/Rapid.Redis/Rapid.Redis.csproj src/Rapid.Redis/
COPY src/Rapid.Policies/Rapid.Policies.csproj src/Rapid.Policies/
COPY src/Rapid.Protocol/Rapid.Protocol.csproj src/Rapid.Protocol/
COPY src/Rapid.Specs/Rapid.Specs.csproj src/Rapid.Specs/
COPY services/actor/Rapid.Actor.csproj services/actor/
COPY services/evaluator/Rapid.Evaluator.csproj services/evaluator/
COPY services/learner/Rapid.Learner.csproj services/learner/
COPY services/replay/Rapid.Replay.csproj services/replay/
# Where a proxy stands before the feed, revocation lists cannot be fetched: offline.
ARG NUGET_CERT_REVOCATION_MODE=online
# Without libtorch: only the learner's image has it.
RUN dotnet restore src/Rapid.Cli/Rapid.Cli.csproj -p:TorchRuntime=none

FROM packages AS libraries
COPY .editorconfig ./
COPY native native
COPY protos protos
COPY src src
COPY services services
RUN dotnet build src/Rapid.Environments.Atari -c Release -v quiet && dotnet build src/Rapid.Environments.MuJoCo -c Release -v quiet \
    && dotnet build src/Rapid.Specs -c Release -v quiet && dotnet build src/Rapid.Hosting -c Release -v quiet

FROM libraries AS publish-actor
RUN dotnet publish services/actor -c Release -v quiet -o /app

FROM libraries AS publish-evaluator
RUN dotnet publish services/evaluator -c Release -v quiet -o /app

FROM libraries AS publish-replay
RUN dotnet publish services/replay -c Release -v quiet -o /app

FROM libraries AS publish-learner
ARG TORCH=libtorch-cpu-linux-x64
RUN dotnet publish services/learner -c Release -v quiet -o /app -p:TorchRuntime=${TORCH}

FROM libraries AS publish-learner-gpu
ARG TORCH=libtorch-cuda-12.8-linux-x64
RUN dotnet publish services/learner -c Release -v quiet -o /app -p:TorchRuntime=${TORCH}

FROM libraries AS publish-cli
RUN dotnet publish src/Rapid.Cli -c Release -v quiet -o /app -p:TorchRuntime=none

# ---- run ---------------------------------------------------------------------------------------------------------------------------
FROM debian:${DEBIAN}-slim AS runtime
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libgcc-s1 libssl3 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 1654 rapid && useradd --no-log-init --uid 1654 --gid 1654 --no-create-home --home-dir /tmp rapid \
    && install -d -o rapid -g rapid /data
COPY --from=aspnet /usr/share/dotnet /usr/share/dotnet
# What the script `rapid` sets, and why, is said there. Nothing but /data and /tmp is written to.
ENV DOTNET_ROOT=/usr/share/dotnet DOTNET_RUNNING_IN_CONTAINER=true DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_gcServer=0 \
    DOTNET_EnableDiagnostics=0 DOTNET_EnableWriteXorExecute=0 MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=4194304 \
    OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1 DOTNET_GCgen0size=0x4000000
WORKDIR /data
USER 1654:1654

FROM runtime AS physics
USER root
RUN apt-get update && apt-get install -y --no-install-recommends libmujoco2.2.2 && rm -rf /var/lib/apt/lists/*
USER 1654:1654

# Draws what it shows: Mesa, without a window or a GPU.
FROM physics AS pictures
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends libegl1 libgl1-mesa-dri fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
USER 1654:1654

FROM runtime AS replay
ENV RAPID_LISTEN=http://0.0.0.0:5101 RAPID_REPLAY_CHECKPOINTS=/data/tables
EXPOSE 5101
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --start-interval=1s --retries=3 CMD ["/app/Rapid.Replay", "health"]
COPY --from=publish-replay /app /app
ENTRYPOINT ["/app/Rapid.Replay"]

FROM physics AS any-learner
ENV RAPID_LISTEN=http://0.0.0.0:5102 RAPID_RUNS=/data/runs
EXPOSE 5102
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --start-interval=1s --retries=3 CMD ["/app/Rapid.Learner", "health"]
ENTRYPOINT ["/app/Rapid.Learner"]

FROM any-learner AS learner
COPY --from=publish-learner /app /app

# CUDA's libraries come with libtorch, the driver from the host through NVIDIA's container toolkit: CUDA's own images would add a second copy, and
# are not made for Debian, whose MuJoCo this is.
FROM any-learner AS learner-gpu
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=publish-learner-gpu /app /app

FROM physics AS actor
ENV RAPID_LISTEN=http://0.0.0.0:5103 DOTNET_GCgen0size=0x1000000
EXPOSE 5103
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --start-interval=1s --retries=3 CMD ["/app/Rapid.Actor", "health"]
COPY --from=publish-actor /app /app
ENTRYPOINT ["/app/Rapid.Actor"]

FROM pictures AS evaluator
ENV RAPID_LISTEN=http://0.0.0.0:5104 DOTNET_GCgen0size=0x200000
EXPOSE 5104
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --start-interval=1s --retries=3 CMD ["/app/Rapid.Evaluator", "health"]
COPY --from=publish-evaluator /app /app
ENTRYPOINT ["/app/Rapid.Evaluator"]

# The commands that talk to services, and those that need neither services nor libtorch.
FROM pictures AS cli
COPY --from=publish-cli /app /app
COPY examples /data/examples
ENTRYPOINT ["/app/rapid"]
