namespace SpotTrainer.Notebooks;

/// <summary>A package, and the module that it is imported as.</summary>
/// <param name="Module">The name in an import. It has a dot if others share the first part.</param>
/// <param name="Conda">The name on conda-forge.</param>
/// <param name="Pip">The name on PyPI.</param>
/// <param name="Others">Further packages that have the module.</param>
internal sealed record ImportName(string Module, string Conda, string Pip, IReadOnlyList<string> Others)
{
    /// <summary>The names of the package for a user: <c>opencv</c>, or <c>pytorch (torch in pip)</c>.</summary>
    public string Title => Conda == Pip ? Conda : $"{Conda} ({Pip} in pip)";
}

/// <summary>
/// Which package has a module, and which modules a package has. A package that is not here may have a module of its own name, with
/// underscores for dashes.
/// </summary>
internal static class ImportNames
{
    /// <summary>In each line: the module, its package on conda-forge, its package on PyPI, and other packages that have it.</summary>
    private const string Table = """
        attr attrs attrs
        bs4 beautifulsoup4 beautifulsoup4
        Bio biopython biopython
        category_encoders category_encoders category-encoders
        community python-louvain python-louvain
        cupy cupy cupy cupy-cuda11x cupy-cuda12x
        cv2 opencv opencv-python opencv-python-headless opencv-contrib-python opencv-contrib-python-headless py-opencv libopencv
        dateutil python-dateutil python-dateutil
        docx python-docx python-docx
        dotenv python-dotenv python-dotenv
        faiss faiss-cpu faiss-cpu faiss faiss-gpu
        fitz pymupdf PyMuPDF
        git gitpython GitPython
        google.cloud.bigquery google-cloud-bigquery google-cloud-bigquery
        google.cloud.storage google-cloud-storage google-cloud-storage
        google.generativeai google-generativeai google-generativeai
        google.protobuf protobuf protobuf
        graphviz python-graphviz graphviz
        hydra hydra-core hydra-core
        igraph python-igraph igraph python-igraph
        imblearn imbalanced-learn imbalanced-learn
        IPython ipython ipython
        jwt pyjwt PyJWT
        keras keras keras tensorflow
        Levenshtein python-levenshtein Levenshtein python-Levenshtein rapidfuzz
        magic python-magic python-magic
        MeCab mecab-python3 mecab-python3
        mpl_toolkits matplotlib matplotlib matplotlib-base
        matplotlib matplotlib matplotlib matplotlib-base
        MySQLdb mysqlclient mysqlclient
        OpenSSL pyopenssl pyOpenSSL
        openslide openslide-python openslide-python
        osgeo gdal GDAL
        PIL pillow Pillow pillow-simd
        pkg_resources setuptools setuptools
        psycopg2 psycopg2 psycopg2-binary psycopg2
        pyspark pyspark pyspark
        pytorch_lightning pytorch-lightning pytorch-lightning
        pylab matplotlib matplotlib matplotlib-base
        pywt pywavelets PyWavelets
        ruamel.yaml ruamel.yaml ruamel.yaml
        sacred sacred sacred
        segmentation_models_pytorch segmentation-models-pytorch segmentation-models-pytorch
        sentence_transformers sentence-transformers sentence-transformers
        serial pyserial pyserial
        setuptools setuptools setuptools
        SimpleITK simpleitk SimpleITK
        skimage scikit-image scikit-image
        sklearn scikit-learn scikit-learn sklearn scikit-learn-intelex
        sksurv scikit-survival scikit-survival
        skopt scikit-optimize scikit-optimize
        slugify python-slugify python-slugify
        socks pysocks PySocks
        surprise scikit-surprise scikit-surprise
        tables pytables tables
        tensorboard tensorboard tensorboard tensorflow
        tensorflow tensorflow tensorflow tensorflow-cpu tensorflow-gpu tensorflow-base
        tensorflow_addons tensorflow-addons tensorflow-addons
        tensorflow_datasets tensorflow-datasets tensorflow-datasets
        tensorflow_hub tensorflow-hub tensorflow-hub
        torch pytorch torch pytorch-cpu pytorch-gpu pytorch-cuda
        torch_geometric pytorch_geometric torch-geometric pyg
        torchaudio torchaudio torchaudio
        torchmetrics torchmetrics torchmetrics
        torchtext torchtext torchtext
        torchvision torchvision torchvision
        umap umap-learn umap-learn
        usb pyusb pyusb
        wx wxpython wxPython
        xgboost xgboost xgboost py-xgboost py-xgboost-cpu py-xgboost-gpu
        yaml pyyaml PyYAML
        zmq pyzmq pyzmq
        """;

    /// <summary>The modules whose packages have the same name everywhere, apart from dashes.</summary>
    private const string Same = """
        accelerate aiohttp alembic altair arviz astropy autogluon bokeh boto3 cartopy catboost category_encoders click cupy cython dask
        datasets datatable diffusers distributed einops evaluate fastai fastapi feature_engine flask flax folium fsspec gensim
        geopandas gpytorch gym gymnasium h5py hdbscan hmmlearn holidays holoviews httpx huggingface_hub hvplot ibis imageio ipywidgets
        jax jinja2 joblib jsonschema kaggle kornia librosa lifelines lightgbm lightning lime llvmlite lxml matplotlib missingno mlflow
        mlxtend modin moviepy mpmath nbformat netCDF4 networkx nibabel nltk numba numexpr numpy onnx onnxruntime openpyxl optuna pandas
        pandas_datareader patsy peft phik pingouin plotly plotnine pmdarima polars prophet psutil pyarrow pycaret pydantic pydicom
        pydot pygments pymc pymongo pyod pyproj pytest rasterio ray rdkit regex requests responses rich sacremoses safetensors scipy
        seaborn selenium sentencepiece shap shapely sktime spacy sqlalchemy statsmodels sympy tabulate tenacity termcolor textblob thop
        tifffile timm tokenizers toml tornado tqdm transformers tsfresh tslearn wandb wordcloud xarray xlrd xlsxwriter yellowbrick
        yfinance
        """;

    private static readonly IReadOnlyList<ImportName> All = Table.Split('\n').Select(
        line => line.Split([' ', '\r'], StringSplitOptions.RemoveEmptyEntries)).Select(
        words => new ImportName(words[0], words[1], words[2], words.Skip(3).ToArray())).Concat(
        Same.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(
            module => new ImportName(module, Normal(module), Normal(module), []))).ToArray();

    private static readonly ILookup<string, ImportName> ByModule = All.ToLookup(name => name.Module, StringComparer.Ordinal);

    private static readonly ILookup<string, ImportName> ByPackage = All
        .SelectMany(name => name.Others.Append(name.Conda).Append(name.Pip).Select(Normal).Distinct(StringComparer.Ordinal),
            (name, package) => (name, package))
        .ToLookup(pair => pair.package, pair => pair.name, StringComparer.Ordinal);

    /// <summary>Returns the form in which names of packages are compared (PEP 503): lower case, and dashes only.</summary>
    public static string Normal(string package) => string.Join("-",
        package.ToLowerInvariant().Split(['-', '_', '.'], StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Whether the table has a module.</summary>
    /// <param name="module">Its full name.</param>
    public static bool Knows(string module) => Find(module) is not null;

    /// <summary>Returns the package that has a module.</summary>
    /// <param name="module">Its full name.</param>
    public static ImportName Of(string module)
    {
        var top = module.Split('.')[0];
        return Find(module) ?? new ImportName(top, Normal(top), Normal(top), []);
    }

    /// <summary>Returns the first parts of the names of the modules that a package has.</summary>
    public static IEnumerable<string> ModulesOf(string package)
    {
        var normal = Normal(package);
        return ByPackage[normal].Select(name => name.Module).Append(normal.Replace('-', '_'));
    }

    /// <summary>Returns the name on conda-forge, in its normal form, of a package by any name; null if the table has none.</summary>
    public static string? CondaOf(string package) =>
        ByPackage[Normal(package)].FirstOrDefault() is { } name ? Normal(name.Conda) : null;

    /// <summary>
    /// Returns the package that a user may mean by the name of a module, such as scikit-learn for sklearn; null if a package has that name,
    /// or nobody knows.
    /// </summary>
    /// <param name="name">A name that was given as that of a package.</param>
    public static ImportName? Meant(string name) => ByModule[name].FirstOrDefault()
        is { } found && Normal(found.Conda) != Normal(name) ? found : All.FirstOrDefault(
            one => Normal(one.Pip) == Normal(name) && Normal(one.Conda) != Normal(name));

    private static ImportName? Find(string module)
    {
        for (var name = module; name.Length > 0; name = name.LastIndexOf('.') is > 0 and var dot ? name.Substring(0, dot) : string.Empty)
        {
            if (ByModule[name].FirstOrDefault() is { } found)
            {
                return found;
            }
        }

        return null;
    }
}
