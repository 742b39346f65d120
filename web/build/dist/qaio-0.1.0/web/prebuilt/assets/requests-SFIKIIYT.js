import{a as e}from"./chunk-IUNON7Y6.js";import"./chunk-SOZT5HLH.js";function t(){return e("h1",{children:"requests"})}export{t as default};
