# Writes luu.csv, oral.csv and effect.csv: what mrgsolve gives for ../records.csv.
# Run in this folder: Rscript run.R
library(mrgsolve)

tight <- function(file) {
  model <- mread(file, project = ".", soloc = tempdir(), quiet = TRUE)
  update(model, rtol = 1e-13, atol = 1e-13, ss_rtol = 1e-14, ss_atol = 1e-14, maxsteps = 1e6)
}

# read 0: a reading stands before the doses of its time, as recsort 2 has it; read 1: after them.
simulated <- function(model, records, times_d, ...) {
  both <- lapply(0:1, function(after) {
    data <- records
    if (after == 0) {
      seen <- records[1, ]
      seen[c("AMT", "RATE", "EVID", "ADDL", "II", "SS")] <- 0
      seen <- seen[rep(1, length(times_d)), ]
      seen$TIME <- times_d
      data <- rbind(seen, records)
      data <- data[order(data$TIME, data$EVID > 0), ]
    } else {
      seen <- records[nrow(records), ]
      seen[c("AMT", "RATE", "EVID", "ADDL", "II", "SS")] <- 0
      seen <- seen[rep(1, length(times_d)), ]
      seen$TIME <- times_d
      data <- rbind(records, seen)
      data <- data[order(data$TIME, data$EVID == 0), ]
    }
    data$ID <- 1
    out <- as.data.frame(mrgsim(
      model, data = data, obsonly = TRUE, recsort = if (after) 1 else 2,
      ss_n = 5000, digits = -1, ...
    ))
    cbind(after = after, out[names(out) != "ID"])
  })
  do.call(rbind, both)
}

written <- function(values, file) {
  number <- vapply(values, is.double, TRUE)
  values[number] <- lapply(values[number], function(x) sprintf("%.17g", x))
  write.csv(values, file, row.names = FALSE, quote = FALSE)
}

records <- read.csv("../records.csv")

days <- c(0, 14, 28 * (1:13))
doses <- data.frame(TIME = days, EVID = 1, AMT = 100, RATE = 0, CMT = 1, ADDL = 0, II = 0, SS = 0)
luu <- simulated(tight("luu.cpp"), doses, sort(unique(c((0:24) / 24, 7 * (0:52)))))
written(luu, "luu.csv")

for (name in c("oral", "effect")) {
  model <- tight(paste0(name, ".cpp"))
  mine <- records[records$model == name, ]
  found <- lapply(split(mine, mine$schedule), function(rows) {
    some <- rows[setdiff(names(rows), c("model", "schedule"))]
    cbind(schedule = rows$schedule[1], simulated(model, some, (0:28) / 4))
  })
  written(do.call(rbind, found), paste0(name, ".csv"))
}
cat("mrgsolve", as.character(packageVersion("mrgsolve")), R.version.string, "\n", file = "version.txt")
