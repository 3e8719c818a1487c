"""What type checkers see of `bplib`, which loads its names when they are asked for."""

from bplib import activations as activations
from bplib import autodiff as autodiff
from bplib import data as data
from bplib import initializers as initializers
from bplib import layers as layers
from bplib import losses as losses
from bplib import network as network
from bplib import optim as optim
from bplib import plots as plots
from bplib import schedules as schedules
from bplib import symbolic as symbolic
from bplib.checks import check as check
from bplib.curvature import Curvature as Curvature
from bplib.curvature import hessian as hessian
from bplib.curvature import hessian_vector as hessian_vector
from bplib.curvature import largest_curvature as largest_curvature
from bplib.gradient_check import GradCheck as GradCheck
from bplib.gradient_check import gradcheck as gradcheck
from bplib.history import History as History
from bplib.layers import Dense as Dense
from bplib.network import Network as Network
from bplib.network import accuracy as accuracy
from bplib.network import evaluate as evaluate
from bplib.network import loss_and_grad as loss_and_grad
from bplib.network import mlp as mlp
from bplib.optim import SGD as SGD
from bplib.optim import AdaGrad as AdaGrad
from bplib.optim import Adam as Adam
from bplib.optim import AdamW as AdamW
from bplib.optim import Momentum as Momentum
from bplib.optim import Nesterov as Nesterov
from bplib.optim import RMSProp as RMSProp
from bplib.store import load as load
from bplib.store import save as save
from bplib.train import fit as fit
from bplib.widgets import explore as explore
from bplib.widgets import live as live

__version__: str
