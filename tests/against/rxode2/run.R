# Writes luu.csv, oral.csv and effect.csv: what rxode2 gives for ../records.csv.
# Run in this folder: Rscript run.R
library(rxode2)

# One compartment with absorption; lag and F of both compartments; d, mg, L.
oral <- rxode2({
  ka <- 6
  CL <- 12
  V <- 20
  d / dt(depot) <- -ka * depot
  d / dt(central) <- ka * depot - CL / V * central
  f(depot) <- F1
  f(central) <- F2
  alag(depot) <- lag1
  alag(central) <- lag2
  dur(central) <- D2
  rate(central) <- R2
  cp <- central / V
})

# Two compartments, saturable elimination, and an effect that stimulates a turnover.
effect <- rxode2({
  ka <- 6
  V <- 20
  c <- central / V
  exchange <- 15 * (c - peripheral / 45)
  d / dt(depot) <- -ka * depot
  d / dt(central) <- ka * depot - exchange - 90 * c / (1.5 + c)
  d / dt(peripheral) <- exchange
  d / dt(R) <- 4 * (1 + 2.5 * c / (0.8 + c)) - 0.4 * R
  R(0) <- 4 / 0.4
  f(depot) <- F1
  alag(depot) <- lag1
  cp <- central / V
})

# Intrathecal kinetics (Luu 2017, typical values) and an assumed turnover cascade.
luu <- rxode2({
  d / dt(csf) <- -1.656 * (csf / 0.441 - cns / 258) - 3.192 * csf / 0.441
  d / dt(cns) <- 1.656 * (csf / 0.441 - cns / 258)
  d / dt(plasma) <- 3.192 * csf / 0.441 - 13.728 * (plasma / 32 - tissue / 429) - 60 * plasma / 32
  d / dt(tissue) <- 13.728 * (plasma / 32 - tissue / 429)
  d / dt(M) <- kM * (1 - 0.85 * (cns / 258) / (0.3 + cns / 258) - M)
  d / dt(P) <- kP * (M - P)
  d / dt(N) <- kN * (P - N)
  M(0) <- 1
  P(0) <- 1
  N(0) <- 1
})

# after 0: a reading stands before the doses of its time; after 1: behind them.
simulated <- function(model, records, times_d, params) {
  both <- lapply(0:1, function(after) {
    seen <- records[rep(1, length(times_d)), ]
    seen[c("AMT", "RATE", "EVID", "ADDL", "II", "SS", "CMT")] <- 0
    seen$TIME <- times_d
    data <- rbind(seen, records)
    data <- data[order(data$TIME, if (after) data$EVID == 0 else data$EVID > 0), ]
    names(data) <- tolower(names(data))
    out <- as.data.frame(rxSolve(
      model, params = params, events = cbind(id = 1, data), method = "liblsoda",
      rtol = 1e-13, atol = 1e-13, ssRtol = 1e-13, ssAtol = 1e-13, maxSS = 5000, minSS = 10,
      maxsteps = 1e6, cores = 1, addDosing = FALSE
    ))
    out <- out[c("time", intersect(names(out), c(rxState(model), "cp")))]
    names(out)[1] <- "TIME"
    cbind(after = after, out)
  })
  do.call(rbind, both)
}

written <- function(values, file) {
  number <- vapply(values, is.double, TRUE)
  values[number] <- lapply(values[number], function(x) sprintf("%.17g", x))
  write.csv(values, file, row.names = FALSE, quote = FALSE)
}

records <- read.csv("../records.csv")
event <- c("TIME", "EVID", "AMT", "RATE", "CMT", "ADDL", "II", "SS")

doses <- data.frame(
  TIME = c(0, 14, 28 * (1:13)), EVID = 1, AMT = 100, RATE = 0, CMT = 1, ADDL = 0, II = 0, SS = 0
)
times_d <- sort(unique(c((0:24) / 24, 7 * (0:52))))
written(simulated(luu, doses, times_d, c(kM = log(2) / 3, kP = log(2) / 25, kN = log(2) / 45)), "luu.csv")

for (name in c("oral", "effect")) {
  mine <- records[records$model == name, ]
  found <- lapply(split(mine, mine$schedule), function(rows) {
    params <- unlist(rows[1, if (name == "oral") c("lag1", "F1", "lag2", "F2", "D2", "R2") else c("lag1", "F1")])
    cbind(schedule = rows$schedule[1], simulated(get(name), rows[event], (0:28) / 4, params))
  })
  written(do.call(rbind, found), paste0(name, ".csv"))
}
cat("rxode2", as.character(packageVersion("rxode2")), R.version.string, "\n", file = "version.txt")
