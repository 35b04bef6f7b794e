# The public names and their homes: the one list of them, read by type checkers and, when a name is first used, by
# `__init__.py`. Methods and tasks of others, and the baselines, import from here alone, so that a module may move
# without making their rows anew.

# running, reading, comparing
from .analysis.comparison.comparison import Comparison as Comparison
from .analysis.comparison.comparison import compare as compare
from .analysis.frame import load as load
from .analysis.frame import load_curves as load_curves
from .analysis.pairing.pairings import versus as versus
from .analysis.pairing.pairings import winners as winners
from .analysis.ranking.board import Leaderboard as Leaderboard
from .analysis.ranking.ranking import leaderboard as leaderboard
from .analysis.ranking.ranking import leaderboards as leaderboards
from .conformance.packages import new_package as new_package

# for methods
from .errors import BudgetExceededError as BudgetExceededError
from .errors import InputError as InputError

# for tasks
from .errors import TruthNotFoundError as TruthNotFoundError
from .errors import UnsupportedError as UnsupportedError
from .errors import unknown as unknown
from .harness.against import run_against as run_against
from .harness.benchmark import Report as Report
from .harness.benchmark import run as run
from .harness.external.exporting import export_observations as export_observations
from .harness.external.exporting import export_truths as export_truths
from .harness.external.scoring import score_file as score_file
from .harness.tuning.tuning import tune as tune

# networks of one's own
from .networks.auditing import Audit as Audit
from .networks.auditing import audit as audit
from .networks.hidden.enforcing import enforced as enforced
from .networks.hidden.hidden_maps import scale_channel as scale_channel
from .networks.hidden.hidden_maps import shift as shift
from .networks.hidden.hidden_maps import stretch as stretch
from .networks.hidden.hidden_maps import swap as swap
from .networks.hidden.stretching import grid as grid
from .problem.gauss_newton import levenberg_marquardt as levenberg_marquardt
from .problem.gauss_newton import require_normal_equations as require_normal_equations
from .problem.gradient_method import GradientMethod as GradientMethod
from .problem.gradient_method import SingleStart as SingleStart
from .problem.least_squares import damped_solve as damped_solve
from .problem.least_squares import log_det_ridge as log_det_ridge
from .problem.objective import Fading as Fading
from .problem.objective import Objective as Objective
from .problem.phase import AdamRule as AdamRule
from .problem.phase import DescentRule as DescentRule
from .problem.phase import Phase as Phase
from .problem.problem import Problem as Problem
from .problem.solution import Solution as Solution
from .problem.training import Trace as Trace
from .problem.training import train as train
from .registry.catalogue import list_methods as list_methods
from .registry.catalogue import list_tasks as list_tasks

# registering
from .registry.registration import get_method as get_method
from .registry.registration import get_task as get_task
from .registry.registration import register_kernel as register_kernel
from .registry.registration import register_method as register_method
from .registry.registration import register_reference as register_reference
from .registry.registration import register_task as register_task
from .report.gallery import figure_data as figure_data
from .report.gallery import plot as plot
from .report.page.writing import write_report as write_report
from .results.merging import merge as merge

# models, laws and what is known of them, for methods and tasks
from .scm.choices import is_less as is_less
from .scm.divisors import sylvester as sylvester
from .scm.factorisation import Array as Array
from .scm.factorisation import RealFactor as RealFactor
from .scm.factorisation import check_zeros as check_zeros
from .scm.factorisation import count_solutions as count_solutions
from .scm.factorisation import real_factors as real_factors
from .scm.genericity import Null as Null
from .scm.genericity import lag_one as lag_one
from .scm.genericity import placebo_statistic as placebo_statistic
from .scm.images.autocorrelations import autocorrelation as autocorrelation
from .scm.images.autocorrelations import channel_ratios as channel_ratios
from .scm.images.autocorrelations import coherent_ratio as coherent_ratio
from .scm.images.autocorrelations import layer_ratio as layer_ratio
from .scm.images.autocorrelations import re_pairing_pvalue as re_pairing_pvalue
from .scm.images.autocorrelations import re_pairings as re_pairings
from .scm.images.autocorrelations import triple_ratios as triple_ratios
from .scm.images.faces import FacesModel as FacesModel
from .scm.images.fluo import FluoModel as FluoModel
from .scm.images.latent import LatentFaces as LatentFaces
from .scm.interventions import Dilation as Dilation
from .scm.interventions import Family as Family
from .scm.interventions import Intervention as Intervention
from .scm.interventions import KernelIntervention as KernelIntervention
from .scm.interventions import Modulation as Modulation
from .scm.interventions import PushForward as PushForward
from .scm.interventions import Recolour as Recolour
from .scm.interventions import Stretch as Stretch
from .scm.interventions import dilations as dilations
from .scm.interventions import modulations as modulations
from .scm.interventions import stretches as stretches
from .scm.models.convolution import ConvolutionCascade as ConvolutionCascade
from .scm.models.convolution import deconvolve as deconvolve
from .scm.models.convolution import product as product
from .scm.models.environments import SharedConvolution as SharedConvolution
from .scm.models.fork import Fork as Fork
from .scm.models.kernels import KernelModel as KernelModel
from .scm.models.kernels import half_power as half_power
from .scm.models.linear import LinearCascade as LinearCascade
from .scm.models.linear_environments import LinearEnvironments as LinearEnvironments
from .scm.models.protocol import Model as Model
from .scm.observations.protocol import Observation as Observation
from .scm.parameters import Parameters as Parameters
from .scm.parameters import flatten as flatten
from .scm.parameters import pick as pick
from .scm.parameters import size_of as size_of
from .scm.parameters import unflatten as unflatten
from .scm.solution_lists import SolutionList as SolutionList
from .scm.solution_lists import enumerate_solutions as enumerate_solutions
from .scm.streams import Streams as Streams
from .tasks.datasets.image_folders import read_image_folder as read_image_folder
from .tasks.kernels import KernelTask as KernelTask
from .tasks.kernels import iid_kernels as iid_kernels
from .tasks.physics.chains import PhysicsTask as PhysicsTask
from .tasks.physics.pairs import kernel_pairs as kernel_pairs
from .tasks.protocol import Task as Task
from .tasks.protocol import TaskBase as TaskBase
from .tasks.sampling import check_mode as check_mode
from .tasks.sampling import dependent as dependent
from .tasks.sampling import each as each
from .tasks.sampling import first_that as first_that
from .tasks.sampling import moved_by as moved_by
from .tasks.sampling import normal as normal
from .tasks.sampling import read_lengths as read_lengths
from .tasks.sampling import show_kernels as show_kernels
from .tasks.sampling import unit_power as unit_power
from .tasks.truth import Truth as Truth
