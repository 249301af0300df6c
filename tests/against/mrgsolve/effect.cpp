[ prob ] Two compartments, saturable elimination, and an effect that stimulates a turnover; d, mg, L.

[ param ]
ka = 6, Vmax = 90, Km = 1.5, V = 20, Q = 15, V2 = 45
kin = 4, kout = 0.4, Emax = 2.5, EC50 = 0.8
lag1 = 0, F1 = 1

[ cmt ] depot central peripheral R

[ main ]
F_depot = F1;
ALAG_depot = lag1;
R_0 = kin / kout;

[ ode ]
double c = central / V;
double exchange = Q * (c - peripheral / V2);
dxdt_depot = -ka * depot;
dxdt_central = ka * depot - exchange - Vmax * c / (Km + c);
dxdt_peripheral = exchange;
dxdt_R = kin * (1 + Emax * c / (EC50 + c)) - kout * R;

[ table ] capture cp = central / V;
