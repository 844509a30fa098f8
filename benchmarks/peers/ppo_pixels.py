"""PPO from 84x84x4 frames in plain PyTorch (nature CNN, 8 x 128 steps, 4 epochs of 4 minibatches): env steps/s of acting + learning.
The environment costs nothing: its frames are made once, at random."""
import argparse, time, torch, torch.nn as nn
p = argparse.ArgumentParser(); p.add_argument("--threads", type=int, default=1); p.add_argument("--updates", type=int, default=2)
p.add_argument("--actions", type=int, default=6)
a = p.parse_args(); torch.set_num_threads(a.threads); N, T, EPOCHS, PARTS = 8, 128, 4, 4
def layer(l, g=2 ** .5): nn.init.orthogonal_(l.weight, g); nn.init.zeros_(l.bias); return l
body = nn.Sequential(layer(nn.Conv2d(4, 32, 8, 4)), nn.ReLU(), layer(nn.Conv2d(32, 64, 4, 2)), nn.ReLU(), layer(nn.Conv2d(64, 64, 3)), nn.ReLU(),
                     nn.Flatten(), layer(nn.Linear(3136, 512)), nn.ReLU())
pi, vf = layer(nn.Linear(512, a.actions), .01), layer(nn.Linear(512, 1), 1.)
P = [*body.parameters(), *pi.parameters(), *vf.parameters()]; opt = torch.optim.Adam(P, 2.5e-4, eps=1e-5)
frames = torch.randint(0, 256, (64, N, 4, 84, 84), dtype=torch.uint8)
def forward(o): h = body(o.float() / 255); return torch.log_softmax(pi(h), 1), vf(h)[:, 0]
for u in range(a.updates + 1):
    if u == 1: t0 = time.time()
    ob = torch.zeros(T, N, 4, 84, 84, dtype=torch.uint8); ac = torch.zeros(T, N, dtype=torch.long); lo, va = torch.zeros(T, N), torch.zeros(T + 1, N)
    rw, dn = torch.randn(T, N).sign(), (torch.rand(T, N) < .01).float()
    with torch.no_grad():
        for t in range(T):
            ob[t] = frames[t % 64]; lp, va[t] = forward(ob[t]); ac[t] = torch.distributions.Categorical(logits=lp).sample(); lo[t] = lp.gather(1, ac[t][:, None])[:, 0]
        va[T] = forward(frames[T % 64])[1]; adv, g = torch.zeros(T, N), torch.zeros(N)
        for t in reversed(range(T)):
            g = rw[t] + .99 * va[t + 1] * (1 - dn[t]) - va[t] + .99 * .95 * (1 - dn[t]) * g; adv[t] = g
    ob, ac, lo, ret, old, adv = ob.flatten(0, 1), ac.flatten(), lo.flatten(), (adv + va[:T]).flatten(), va[:T].flatten(), adv.flatten()
    for e in range(EPOCHS):
        for i in torch.randperm(T * N).chunk(PARTS):
            lp, v = forward(ob[i]); r = (lp.gather(1, ac[i][:, None])[:, 0] - lo[i]).exp(); d = adv[i]; d = (d - d.mean()) / (d.std() + 1e-8)
            vc = old[i] + (v - old[i]).clamp(-.1, .1); entropy = -(lp.exp() * lp).sum(1).mean()
            loss = torch.max(-d * r, -d * r.clamp(.9, 1.1)).mean() + .25 * torch.max((v - ret[i]) ** 2, (vc - ret[i]) ** 2).mean() - .01 * entropy
            opt.zero_grad(); loss.backward(); nn.utils.clip_grad_norm_(P, .5); opt.step()
print(f"ppo env steps/s {a.updates * T * N / (time.time() - t0):.0f} (threads {a.threads})")
