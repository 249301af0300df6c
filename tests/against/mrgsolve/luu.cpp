[ prob ] Intrathecal kinetics (Luu 2017, typical values) and an assumed turnover cascade; d, mg, L.

[ param ]
CLp = 60, Qp = 13.728, CLcsf = 3.192, Qcsf = 1.656
Vcsf = 0.441, Vp = 32, Vsys = 429, Vcns = 258
IC50 = 0.3, Imax = 0.85
kM = 0.2310490601866484, kP = 0.02772588722239781, kN = 0.015403270679109896

[ cmt ] csf cns plasma tissue M P N

[ main ]
M_0 = 1;
P_0 = 1;
N_0 = 1;

[ ode ]
double uptake = Qcsf * (csf / Vcsf - cns / Vcns);
double spread = Qp * (plasma / Vp - tissue / Vsys);
double tissue_mg_per_L = cns / Vcns;
double inhibition = Imax * tissue_mg_per_L / (IC50 + tissue_mg_per_L);
dxdt_csf = -uptake - CLcsf * csf / Vcsf;
dxdt_cns = uptake;
dxdt_plasma = CLcsf * csf / Vcsf - spread - CLp * plasma / Vp;
dxdt_tissue = spread;
dxdt_M = kM * (1 - inhibition - M);
dxdt_P = kP * (M - P);
dxdt_N = kN * (P - N);
