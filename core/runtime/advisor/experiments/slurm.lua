--- Makes the runs of a sweep as one Slurm job array.
local slurm = {}
return slurm
