[ prob ] One compartment with absorption; lag and F of both compartments; d, mg, L.

[ param ]
ka = 6, CL = 12, V = 20
lag1 = 0, F1 = 1, lag2 = 0, F2 = 1, D2 = 0.3, R2 = 400

[ cmt ] depot central

[ main ] @!check_modeled_infusions
F_depot = F1;
F_central = F2;
ALAG_depot = lag1;
ALAG_central = lag2;
D_central = D2;
R_central = R2;

[ ode ]
dxdt_depot = -ka * depot;
dxdt_central = ka * depot - CL / V * central;

[ table ] capture cp = central / V;
